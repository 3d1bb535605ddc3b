interface Flight<T> {
  readonly startedAt: number;
  readonly result: Promise<T>;
}

/**
 * One call for all who ask the same at the same time. Nobody can cancel it: who gives up leaves it to the others.
 */
export class SingleFlight<T> {
  readonly #running = new Map<string, Flight<T>>();
  readonly #waiting = new Map<string, Promise<T>>();

  /**
   * Joins the call under way for this id, or makes one.
   * @param maxAgeMs how long before now a call may have begun to be joined; with 0 only one that begins after now will do
   */
  run(id: string, maxAgeMs: number, call: () => Promise<T>): Promise<T> {
    const running = this.#running.get(id);
    if (!running) return this.#start(id, call);
    if (performance.now() - running.startedAt < maxAgeMs) return running.result;
    return this.#afterwards(id, running, call);
  }

  #start(id: string, call: () => Promise<T>): Promise<T> {
    const result = call().finally(() => this.#running.delete(id));
    this.#running.set(id, { startedAt: performance.now(), result });
    return result;
  }

  /** All who find the running call too old share the next one: it begins after each of them asked. */
  #afterwards(id: string, running: Flight<T>, call: () => Promise<T>): Promise<T> {
    const waiting = this.#waiting.get(id);
    if (waiting) return waiting;
    const start = (): Promise<T> => {
      this.#waiting.delete(id);
      return this.#start(id, call);
    };
    const next = running.result.then(start, start);
    this.#waiting.set(id, next);
    return next;
  }
}
