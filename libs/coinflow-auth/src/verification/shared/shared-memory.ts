import { CircuitBreaker, type BreakerState } from '../../client/circuit-breaker.js';
import type { CoinflowSharedStore } from '../../options/shared-store.js';
import type { SealedKind, Sealer } from '../sealing/sealer.js';

/** A store that is slower than that costs more than it saves. */
const TIME_LIMIT_MS = 50;
const STORE = 'The shared store of sessions';
const CONSEQUENCE = 'meanwhile each instance goes by what it knows itself';

/** What the shared store came to, since the application started. */
export interface CoinflowSharedMemoryMetrics {
  /** Entries that were found, and were good. */
  readonly hits: number;
  readonly misses: number;
  /** Entries that this application has not sealed, or not so: a key that was rotated out, or somebody else writes there. */
  readonly unreadable: number;
  /** Reads and writes that failed, or took longer than 50 ms. */
  readonly failures: number;
  /** Whether the store is used (`closed`), left alone since it fails (`open`), or tried (`half-open`). */
  readonly breaker: BreakerState;
}

interface Answered {
  /** `undefined`: the store has failed. */
  readonly value?: unknown;
  readonly isFailure: boolean;
}

/**
 * Entries that all instances share, sealed. Whatever the store does, nobody is kept waiting for long, and nobody is refused for it: at
 * worst Coinflow is asked.
 */
export class SharedMemory {
  readonly #store: CoinflowSharedStore;
  readonly #sealer: Sealer;
  readonly #breaker = new CircuitBreaker<Answered>(STORE, CONSEQUENCE, ({ isFailure }) => isFailure);
  #hits = 0;
  #misses = 0;
  #unreadable = 0;
  #failures = 0;

  constructor(store: CoinflowSharedStore, sealer: Sealer) {
    this.#store = store;
    this.#sealer = sealer;
  }

  get statistics(): CoinflowSharedMemoryMetrics {
    return {
      hits: this.#hits,
      misses: this.#misses,
      unreadable: this.#unreadable,
      failures: this.#failures,
      breaker: this.#breaker.state,
    };
  }

  /** @returns nothing also when the store is away, or holds what we have not sealed */
  async read(kind: SealedKind, name: string): Promise<string | undefined> {
    const sealed = await this.#ask((store) => store.get(this.#keyOf(kind, name)));
    if (sealed === undefined || sealed === null) {
      this.#misses += 1;
      return undefined;
    }
    const text = this.#sealer.open(kind, name, sealed);
    if (text === undefined) this.#unreadable += 1;
    else this.#hits += 1;
    return text;
  }

  /** @param ttlMs for how long it is of use, in milliseconds */
  async write(kind: SealedKind, name: string, text: string, ttlMs: number): Promise<void> {
    if (ttlMs < 1) return;
    await this.#ask((store) =>
      store.set(this.#keyOf(kind, name), this.#sealer.seal(kind, name, text), Math.floor(ttlMs)),
    );
  }

  async remove(kind: SealedKind, name: string): Promise<void> {
    await this.#ask((store) => store.delete(this.#keyOf(kind, name)));
  }

  #keyOf(kind: SealedKind, name: string): string {
    return `coinflow:${kind}:${this.#sealer.nameOf(kind, name)}`;
  }

  /** A promise even where a user's store throws at once. */
  async #ask(question: (store: CoinflowSharedStore) => Promise<unknown>): Promise<unknown> {
    if (this.#breaker.refusesForMs > 0) return undefined;
    const { value, isFailure } = await this.#breaker.run(() => answerOf((async () => question(this.#store))()));
    if (isFailure) this.#failures += 1;
    return value;
  }
}

async function answerOf(answer: Promise<unknown>): Promise<Answered> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tooLate = new Promise<Answered>((resolve) => {
    timer = setTimeout(resolve, TIME_LIMIT_MS, { isFailure: true });
  });
  const answered = answer.then(
    (value): Answered => ({ value, isFailure: false }),
    (): Answered => ({ isFailure: true }),
  );
  return Promise.race([answered, tooLate]).finally(() => clearTimeout(timer));
}
