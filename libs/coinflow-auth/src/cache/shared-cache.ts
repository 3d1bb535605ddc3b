import type { BreakerState } from '../http/circuit-breaker.js';
import type { CoinflowSharedStore } from '../options/shared-store.js';
import type { SealedKind, Sealer } from './sealer.js';
import type { ResilientStore } from './resilient-store.js';

/** What the shared store came to, since the application started. */
export interface CoinflowSharedCacheMetrics {
  /** Entries that were found, and were good. */
  readonly hits: number;
  readonly misses: number;
  /**
   * Entries and revocations that this application has not sealed, or not so: a key that was rotated out, or somebody else
   * writes there.
   */
  readonly unreadable: number;
  /** Reads and writes that failed, or took longer than the store's `timeoutMs`. */
  readonly failures: number;
  /** Whether the store is used (`closed`), left alone since it fails (`open`), or tried (`half-open`). */
  readonly breaker: BreakerState;
}

/**
 * Entries that all instances share, sealed. Whatever the store does, nobody is kept waiting for long, and nobody is refused for it: at
 * worst Coinflow is asked.
 */
export class SharedCache {
  readonly #store: ResilientStore<CoinflowSharedStore>;
  readonly #sealer: Sealer;
  #hits = 0;
  #misses = 0;

  constructor(store: ResilientStore<CoinflowSharedStore>, sealer: Sealer) {
    this.#store = store;
    this.#sealer = sealer;
  }

  get statistics(): CoinflowSharedCacheMetrics {
    return {
      hits: this.#hits,
      misses: this.#misses,
      unreadable: this.#sealer.unopened,
      failures: this.#store.failures,
      breaker: this.#store.breaker,
    };
  }

  /** @returns nothing also when the store is away, or holds what we have not sealed */
  async read(kind: SealedKind, name: string): Promise<string | undefined> {
    const answer = await this.#store.ask((store) => store.get(this.#keyOf(kind, name)));
    if (!answer) return undefined;
    const { value } = answer;
    if (value === undefined || value === null) {
      this.#misses += 1;
      return undefined;
    }
    const text = this.#sealer.open(kind, name, value);
    if (text !== undefined) this.#hits += 1;
    return text;
  }

  /** @param ttlMs for how long it is of use, in milliseconds */
  async write(kind: SealedKind, name: string, text: string, ttlMs: number): Promise<void> {
    if (ttlMs < 1) return;
    await this.#store.ask((store) =>
      store.set(this.#keyOf(kind, name), this.#sealer.seal(kind, name, text), Math.floor(ttlMs)),
    );
  }

  async remove(kind: SealedKind, name: string): Promise<void> {
    await this.#store.ask((store) => store.delete(this.#keyOf(kind, name)));
  }

  #keyOf(kind: SealedKind, name: string): string {
    return `coinflow:${kind}:${this.#sealer.nameOf(kind, name)}`;
  }
}
