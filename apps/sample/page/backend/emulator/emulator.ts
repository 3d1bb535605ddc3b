import { Injectable } from '@nestjs/common';
import { Subject, type Observable } from 'rxjs';
import type { CheckoutCondition, EmulatorChange, EmulatorCondition, EmulatorSettings } from '../demo-api.js';
import { EmulatorControl } from './emulator-control.js';
import { BLOCKED, CHECKOUT, FAULTS, RESPONSE_LOST } from './emulator-state.js';

const ENDPOINTS = ['message', 'session-key', 'verify', CHECKOUT];

/** Reads and changes the settings of the emulator for the page. */
@Injectable()
export class Emulator {
  readonly #changes = new Subject<EmulatorSettings>();
  #lastChange: Promise<unknown> = Promise.resolve();

  constructor(private readonly control: EmulatorControl) {}

  get changes(): Observable<EmulatorSettings> {
    return this.#changes;
  }

  /** @returns `null` if there is no emulator */
  async settings(): Promise<EmulatorSettings | null> {
    return (await this.control.findState())?.settings ?? null;
  }

  /** Changes run one after the other: two conditions must not be mixed over the endpoints. */
  change(change: EmulatorChange): Promise<EmulatorSettings> {
    const changed = this.#lastChange.then(() => this.#change(change));
    this.#lastChange = changed.catch(() => undefined);
    return changed;
  }

  async #change({ condition, checkout, lifetimeSeconds, clockOffsetMs }: EmulatorChange): Promise<EmulatorSettings> {
    const { issuance, settings: current } = await this.control.state();
    if (condition !== undefined || checkout !== undefined) {
      await this.#setConditions(condition ?? current.condition, checkout ?? current.checkout);
    }
    // The control API resets the issuance options that a request leaves out.
    if (lifetimeSeconds !== undefined) await this.control.post('issuance', { ...issuance, lifetimeSeconds });
    if (clockOffsetMs !== undefined) await this.control.post('clock', { offsetMs: clockOffsetMs });
    const { settings } = await this.control.state();
    this.#changes.next(settings);
    return settings;
  }

  /** A checkout that fails in its own way does not have the fault of the other endpoints. */
  async #setConditions(condition: EmulatorCondition, checkout: CheckoutCondition): Promise<void> {
    await this.control.post('heal', {});
    await this.control.post('responses/clear', {});
    if (condition !== 'healthy') {
      const fault = FAULTS[condition];
      for (const endpoint of ENDPOINTS) await this.control.post('faults', { endpoint, fault });
    }
    if (checkout === 'response-lost') await this.control.post('faults', { endpoint: CHECKOUT, fault: RESPONSE_LOST });
    if (checkout === 'user-blocked') await this.control.post('responses', BLOCKED);
  }
}
