import { NoAnswerError, answerBy } from './deadline.js';

/** The deliveries that run in this process, whether or not their senders still wait for the answer. */
export class RunningDeliveries {
  readonly #running = new Set<Promise<unknown>>();

  /** Counts a delivery until it has ended. */
  async track<T>(delivery: Promise<T>): Promise<T> {
    this.#running.add(delivery);
    try {
      return await delivery;
    } finally {
      this.#running.delete(delivery);
    }
  }

  /**
   * Waits until all have ended.
   * @returns how many have not after `timeoutMs`
   */
  async ended(timeoutMs: number): Promise<number> {
    try {
      await answerBy(performance.now() + timeoutMs, () => Promise.allSettled(this.#running));
      return 0;
    } catch (error) {
      if (!(error instanceof NoAnswerError)) throw error;
      return this.#running.size;
    }
  }
}
