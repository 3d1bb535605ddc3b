import { CircuitBreaker, type BreakerState } from '../http/circuit-breaker.js';

/** A store that is slower than that costs more than it saves. */
const TIMEOUT_MS = 50;
const NAME = 'The shared store of sessions';
const CONSEQUENCE = 'meanwhile each instance goes by what it knows itself';

/** What a store answered; nothing when it has failed, or took too long. */
export type StoreAnswer<T> = { readonly value: T } | undefined;

/** Asks a store that may be away, slow or broken: nobody is kept waiting for long, and nothing is thrown. */
export class ResilientStore<Store> {
  readonly #store: Store;
  readonly #timeoutMs: number;
  readonly #breaker = new CircuitBreaker<StoreAnswer<unknown>>(NAME, CONSEQUENCE, (answer) => answer === undefined);
  #failures = 0;

  constructor(store: Store, timeoutMs = TIMEOUT_MS) {
    this.#store = store;
    this.#timeoutMs = timeoutMs;
  }

  get breaker(): BreakerState {
    return this.#breaker.state;
  }

  /** Questions that failed, or took too long. */
  get failures(): number {
    return this.#failures;
  }

  async ask<T>(question: (store: Store) => Promise<T>): Promise<StoreAnswer<T>> {
    if (this.#breaker.refusesForMs > 0) return undefined;
    let answer: StoreAnswer<T>;
    await this.#breaker.run(async () => {
      answer = await inTime(this.#answer(question), this.#timeoutMs);
      return answer;
    });
    if (!answer) this.#failures += 1;
    return answer;
  }

  /** A promise even where a user's store throws at once. */
  async #answer<T>(question: (store: Store) => Promise<T>): Promise<StoreAnswer<T>> {
    return { value: await question(this.#store) };
  }
}

async function inTime<T>(answer: Promise<StoreAnswer<T>>, timeoutMs: number): Promise<StoreAnswer<T>> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tooLate = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), timeoutMs);
  });
  try {
    return await Promise.race([answer, tooLate]);
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}
