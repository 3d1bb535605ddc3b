import { requireInteger } from './checks.js';

/** 50 years to either side: every moment within has a positive Unix time and a valid HTTP date. */
export const MAX_CLOCK_OFFSET_MS = 50 * 365 * 86_400_000;

/** The emulator's now. Whatever has to do with time asks it, so that all of it moves together. */
export class EmulatorClock {
  #offsetMs = 0;

  get offsetMs(): number {
    return this.#offsetMs;
  }

  /** @throws {RangeError} when it is not a whole number within 50 years */
  setOffset(ms: number): void {
    this.#offsetMs = requireInteger('The clock offset', ms, -MAX_CLOCK_OFFSET_MS, MAX_CLOCK_OFFSET_MS);
  }

  nowMs(): number {
    return Date.now() + this.#offsetMs;
  }

  nowSeconds(): number {
    return Math.floor(this.nowMs() / 1_000);
  }

  /** An HTTP date of now or of a moment to come; up to the next whole second, so that who waits for it has waited long enough. */
  httpDate(afterMs = 0): string {
    const moment = this.nowMs() + afterMs;
    return new Date(afterMs === 0 ? moment : Math.ceil(moment / 1_000) * 1_000).toUTCString();
  }
}
