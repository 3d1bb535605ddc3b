import { CircuitBreaker, type BreakerState } from '../http/circuit-breaker.js';
import { withTimeoutOrUndefined } from '../util/promises.js';

/** By default. A store that is slower costs a request more time than it saves. */
const TIMEOUT_MS = 50;
const NAME = 'The shared store of sessions';
const CONSEQUENCE = 'until it answers again, each replica uses its own cache';

/** The result of an operation; `undefined` when the store failed or did not answer in time. */
export type StoreResult<T> = { readonly value: T } | undefined;

/** Runs operations on a store that may be down, slow or broken. It waits for a short time only, and never throws. */
export class ResilientStore<Store> {
  readonly #store: Store;
  readonly #timeoutMs: number;
  readonly #breaker = new CircuitBreaker<StoreResult<unknown>>(NAME, CONSEQUENCE, (result) => result === undefined);
  #failures = 0;

  constructor(store: Store, timeoutMs = TIMEOUT_MS) {
    this.#store = store;
    this.#timeoutMs = timeoutMs;
  }

  get breaker(): BreakerState {
    return this.#breaker.state;
  }

  /** Operations that failed or took too long. */
  get failures(): number {
    return this.#failures;
  }

  async run<T>(operation: (store: Store) => Promise<T>): Promise<StoreResult<T>> {
    if (this.#breaker.refusesForMs > 0) return undefined;
    let result: StoreResult<T>;
    await this.#breaker.run(async () => {
      result = await this.#attempt(operation);
      return result;
    });
    if (!result) this.#failures += 1;
    return result;
  }

  async #attempt<T>(operation: (store: Store) => Promise<T>): Promise<StoreResult<T>> {
    try {
      return await withTimeoutOrUndefined(operation(this.#store), this.#timeoutMs);
    } catch {
      return undefined;
    }
  }
}
