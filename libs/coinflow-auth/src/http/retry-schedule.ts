import { ExponentialBackoff, fullJitterGenerator, type IBackoff } from 'cockatiel';
import { NoResponse, isWorthRepeating, type Outcome } from './outcome.js';

/** Anything from nothing to 100 ms, then to 200 ms, 400 ms ...: who failed together does not come back together. */
const BACKOFF = new ExponentialBackoff({ generator: fullJitterGenerator, initialDelay: 100, maxDelay: 1_000 });

/**
 * When one call is repeated. cockatiel's own retries know neither `Retry-After` nor the time that is left, and no signal
 * ends their waits: here no wait begins that would not end in time.
 */
export class RetrySchedule {
  #retriesLeft: number;
  #backoff: IBackoff<unknown> | undefined;

  constructor(retries: number) {
    this.#retriesLeft = retries;
  }

  /**
   * @param leftMs the time that the call has left
   * @returns after how many milliseconds to try again, or `undefined` when this outcome is the last
   */
  next(outcome: Outcome, leftMs: number): number | undefined {
    if (this.#retriesLeft === 0 || !isWorthRepeating(outcome)) return undefined;
    this.#retriesLeft -= 1;
    this.#backoff = this.#backoff ? this.#backoff.next(undefined) : BACKOFF.next();
    const askedForMs = outcome instanceof NoResponse ? 0 : (outcome.requestedWaitMs ?? 0);
    const waitMs = askedForMs + this.#backoff.duration;
    return waitMs < leftMs ? waitMs : undefined;
  }
}
