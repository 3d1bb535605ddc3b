import { requireInteger } from './validation.js';

/** 50 years. Within this offset, every time is a positive Unix time and a valid HTTP date. */
export const MAX_CLOCK_OFFSET_MS = 50 * 365 * 86_400_000;

/** The time of the emulator. Everything that depends on time uses this clock. */
export class EmulatorClock {
  #offsetMs = 0;

  get offsetMs(): number {
    return this.#offsetMs;
  }

  /** @throws `RangeError` unless it is an integer within 50 years */
  setOffset(ms: number): void {
    this.#offsetMs = requireInteger('The clock offset', ms, -MAX_CLOCK_OFFSET_MS, MAX_CLOCK_OFFSET_MS);
  }

  nowMs(): number {
    return Date.now() + this.#offsetMs;
  }

  nowSeconds(): number {
    return Math.floor(this.nowMs() / 1_000);
  }

  /** An HTTP date. A future time is rounded up to a second, so that a client that waits for it waits long enough. */
  httpDate(afterMs = 0): string {
    const moment = this.nowMs() + afterMs;
    return new Date(afterMs === 0 ? moment : Math.ceil(moment / 1_000) * 1_000).toUTCString();
  }
}
