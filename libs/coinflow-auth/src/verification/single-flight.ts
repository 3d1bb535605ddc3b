interface Flight<T> {
  readonly startedAt: number;
  readonly result: Promise<T>;
}

/** Shares one call among all concurrent requests with the same id. A client that disconnects does not cancel the call. */
export class SingleFlight<T> {
  readonly #running = new Map<string, Flight<T>>();
  readonly #waiting = new Map<string, Promise<T>>();

  /**
   * Joins the running call for this id, or starts one.
   * @param maxAgeMs a call that started longer ago is not joined; with 0, only a call that starts after now is
   */
  run(id: string, maxAgeMs: number, call: () => Promise<T>): Promise<T> {
    const running = this.#running.get(id);
    if (!running) return this.#start(id, call);
    if (performance.now() - running.startedAt < maxAgeMs) return running.result;
    return this.#startAfter(running, id, call);
  }

  #start(id: string, call: () => Promise<T>): Promise<T> {
    const result = call().finally(() => this.#running.delete(id));
    this.#running.set(id, { startedAt: performance.now(), result });
    return result;
  }

  /** All requests for which the running call is too old share the next one, which starts after each of them arrived. */
  #startAfter(running: Flight<T>, id: string, call: () => Promise<T>): Promise<T> {
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
