import { setTimeout as delay } from 'node:timers/promises';

/** The time that one call has, from now on, with everything it takes: attempts, waits, and reading the answers. */
export class TimeLimit {
  /** Aborts when the time is over. */
  readonly signal: AbortSignal;
  readonly #endsAt: number;

  constructor(ms: number) {
    this.signal = AbortSignal.timeout(ms);
    this.#endsAt = performance.now() + ms;
  }

  get leftMs(): number {
    return this.signal.aborted ? 0 : Math.max(0, this.#endsAt - performance.now());
  }

  /** Resolves after so many milliseconds, or when the time is over. */
  async wait(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.signal }).catch(() => undefined);
  }
}
