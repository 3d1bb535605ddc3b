import { Injectable } from '@nestjs/common';
import { Subject, type Observable } from 'rxjs';
import type { DemoCoinflow, DemoCoinflowChange, DemoCondition } from '../demo-api.js';
import { FAULTS } from './emulator-state.js';
import { Emulator } from './emulator.js';

const ENDPOINTS = ['message', 'session-key', 'verify'];

/** How Coinflow is: the switches of the emulator that stands in its place. */
@Injectable()
export class CoinflowSwitches {
  readonly #changes = new Subject<DemoCoinflow>();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(private readonly emulator: Emulator) {}

  get changes(): Observable<DemoCoinflow> {
    return this.#changes;
  }

  async current(): Promise<DemoCoinflow | null> {
    return (await this.emulator.find())?.coinflow ?? null;
  }

  /** One after the other: of two conditions, no mixture must remain. */
  change(change: DemoCoinflowChange): Promise<DemoCoinflow> {
    const changed = this.#turn.then(() => this.#change(change));
    this.#turn = changed.catch(() => undefined);
    return changed;
  }

  async #change({ condition, lifetimeSeconds, clockOffsetMs }: DemoCoinflowChange): Promise<DemoCoinflow> {
    const { issuance } = await this.emulator.state();
    if (condition !== undefined) await this.#become(condition);
    // What is not said again goes back to how it was at the start.
    if (lifetimeSeconds !== undefined) await this.emulator.tell('issuance', { ...issuance, lifetimeSeconds });
    if (clockOffsetMs !== undefined) await this.emulator.tell('clock', { offsetMs: clockOffsetMs });
    const { coinflow } = await this.emulator.state();
    this.#changes.next(coinflow);
    return coinflow;
  }

  async #become(condition: DemoCondition): Promise<void> {
    if (condition === 'well') return void (await this.emulator.tell('heal', {}));
    const fault = FAULTS[condition];
    for (const endpoint of ENDPOINTS) await this.emulator.tell('faults', { endpoint, fault });
  }
}
