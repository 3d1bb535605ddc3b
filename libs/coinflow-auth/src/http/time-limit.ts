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

  /**
   * Settles as the promise does, or rejects when the time is over. The promise may reject later: nobody is told then.
   */
  async within<T>(promise: Promise<T>): Promise<T> {
    let giveUp = (): void => undefined;
    const isOver = new Promise<never>((_, reject) => {
      giveUp = () => reject(new Error('The time is over'));
      this.signal.addEventListener('abort', giveUp);
      if (this.signal.aborted) giveUp();
    });
    try {
      return await Promise.race([promise, isOver]);
    } finally {
      this.signal.removeEventListener('abort', giveUp);
    }
  }
}
