import { setTimeout as delay } from 'node:timers/promises';

/** The time limit of one call, from now on: it includes all attempts, all waits, and reading the response. */
export class TimeLimit {
  readonly ms: number;
  /** Aborts when the time is over, or when the caller aborts. It ends an attempt wherever it is. */
  readonly signal: AbortSignal;
  readonly #timeout: AbortSignal;
  readonly #endsAt: number;

  /** @param caller aborts the call before its time is over */
  constructor(ms: number, caller?: AbortSignal) {
    this.ms = ms;
    this.#timeout = AbortSignal.timeout(ms);
    this.signal = caller ? AbortSignal.any([this.#timeout, caller]) : this.#timeout;
    this.#endsAt = performance.now() + ms;
  }

  get leftMs(): number {
    return this.signal.aborted ? 0 : Math.max(0, this.#endsAt - performance.now());
  }

  /** Why the call has ended early; `undefined` if it has not. */
  get endedBy(): 'timeout' | 'aborted' | undefined {
    if (!this.signal.aborted) return undefined;
    return this.#timeout.aborted ? 'timeout' : 'aborted';
  }

  /** Resolves after so many milliseconds, or when the time is over. */
  async wait(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.signal }).catch(() => undefined);
  }
}
