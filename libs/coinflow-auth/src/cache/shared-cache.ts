import type { BreakerState } from '../http/circuit-breaker.js';
import type { CoinflowSharedStore } from '../options/store-contracts.js';
import type { SealedKind, Sealer } from './sealer.js';
import type { ResilientStore } from './resilient-store.js';

/** The use of the shared store by this replica since it started. */
export interface CoinflowSharedStoreMetrics {
  /** Reads that found a usable entry. */
  readonly hits: number;
  /** Reads that found no entry. */
  readonly misses: number;
  /**
   * Entries and revocations that none of the seal keys opens. A seal key was removed too early, or something else writes to
   * the store.
   */
  readonly unreadable: number;
  /** Operations that failed, or took longer than the store's `timeoutMs`. */
  readonly failures: number;
  /** `closed`: the store is used; `open`: it failed and is not used; `half-open`: one call tries it again. */
  readonly breaker: BreakerState;
  /** Whether this replica knows the revocations of other replicas; `null` if the store does not share revocations. */
  readonly revocationsKnown: boolean | null;
}

/**
 * Sealed entries that all replicas share. A store that is slow or down delays a request only for the store's `timeoutMs`, and
 * rejects none: without an entry, Coinflow is called.
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

  get statistics(): Omit<CoinflowSharedStoreMetrics, 'revocationsKnown'> {
    return {
      hits: this.#hits,
      misses: this.#misses,
      unreadable: this.#sealer.unopened,
      failures: this.#store.failures,
      breaker: this.#store.breaker,
    };
  }

  /** @returns `undefined` without an entry, when the store fails, and for an entry that this application has not sealed */
  async get(kind: SealedKind, name: string): Promise<string | undefined> {
    const result = await this.#store.run((store) => store.get(this.#keyOf(kind, name)));
    if (!result) return undefined;
    const { value } = result;
    if (value === undefined || value === null) {
      this.#misses += 1;
      return undefined;
    }
    const text = this.#sealer.open(kind, name, value);
    if (text !== undefined) this.#hits += 1;
    return text;
  }

  /** @param ttlMs for how many milliseconds the entry is kept; below 1 it is not written */
  async set(kind: SealedKind, name: string, text: string, ttlMs: number): Promise<void> {
    if (ttlMs < 1) return;
    await this.#store.run((store) =>
      store.set(this.#keyOf(kind, name), this.#sealer.seal(kind, name, text), Math.floor(ttlMs)),
    );
  }

  async delete(kind: SealedKind, name: string): Promise<void> {
    await this.#store.run((store) => store.delete(this.#keyOf(kind, name)));
  }

  #keyOf(kind: SealedKind, name: string): string {
    return `coinflow:${kind}:${this.#sealer.nameOf(kind, name)}`;
  }
}
