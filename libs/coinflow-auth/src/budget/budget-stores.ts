import { createHmac, createSecretKey, randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { deriveKeys, scopeText, type SealScope } from '../cache/derived-keys.js';
import type { ResilientStore } from '../cache/resilient-store.js';
import type { BudgetSlot, BudgetStore } from '../options/store-contracts.js';

/** How long a window of the budget is. */
export const WINDOW_MS = 60_000;

/** One share for each kind of call; there are five. */
const MAX_SHARES = 10;
const MAX_PARTIES = 20_000;
const MAX_EXHAUSTED = 10_000;
/** How soon the shared store is asked again for a name without a slot: another replica may have given one back. */
const RETRY_EXHAUSTED_MS = 1_000;

/** Where slots are counted. Clients and users have a store of their own, so that many of them cannot displace a share. */
export interface BudgetStores {
  readonly shares: BudgetStore;
  readonly parties: BudgetStore;
}

/** Stores for a process that shares its budget with no other one. */
export function inMemoryStores(): BudgetStores {
  return { shares: new ProcessBudgetStore(MAX_SHARES), parties: new ProcessBudgetStore(MAX_PARTIES) };
}

/** Stores that all replicas share. While the shared store is unavailable, this process counts on its own. */
export function sharedStores(store: ResilientStore<unknown>, budget: BudgetStore): BudgetStores {
  const { shares, parties } = inMemoryStores();
  return {
    shares: new SharedBudgetStore(store, budget, shares),
    parties: new SharedBudgetStore(store, budget, parties),
  };
}

/**
 * Returns the name under which slots are counted.
 * @param kind what is counted
 * @param value the client, user or share for which it is counted
 */
export type NameOf = (kind: string, value: string) => string;

/**
 * A plain hash of an address could be reversed by trying all addresses, so names are HMACs. Replicas with the same seal keys
 * use the same names.
 */
export function budgetNames(options: SealScope): NameOf {
  const [newest] = deriveKeys(options, 'budget');
  const key = newest ?? createSecretKey(randomBytes(32));
  // Merchants that share a store do not share slots.
  const scope = `${scopeText(options)}\n`;
  return (kind, value) => createHmac('sha256', key).update(`${scope}${kind}\n`).update(value).digest('base64url');
}

/** A slot that was taken. */
export interface TakenSlot {
  /** Gives the slot back without waiting for the store. After the end of its window this does nothing. */
  readonly giveBack: () => void;
}

/** @returns the slot, or in how many milliseconds a slot will be available */
export async function takeSlot(store: BudgetStore, name: string, limit: number): Promise<TakenSlot | number> {
  const { taken, retryAfterMs } = await store.take(name, limit, WINDOW_MS);
  if (!taken) return retryAfterMs;
  // By the monotonic clock.
  const windowEndsAt = performance.now() + retryAfterMs;
  return {
    giveBack: () => {
      if (performance.now() < windowEndsAt) void store.giveBack(name);
    },
  };
}

interface Window {
  /** By the monotonic clock. */
  readonly endsAt: number;
  taken: number;
}

/** Counts slots in this process. Its memory is bounded, and it sets no timer. */
export class ProcessBudgetStore implements BudgetStore {
  readonly #windows: LRUCache<string, Window>;

  /** @param maxNames how many windows are kept; the least recently used one is dropped first, and starts again */
  constructor(maxNames: number) {
    this.#windows = new LRUCache({ max: maxNames });
  }

  take(name: string, limit: number, windowMs: number): Promise<BudgetSlot> {
    const now = performance.now();
    const window = this.#current(name, now) ?? { endsAt: now + windowMs, taken: 0 };
    const taken = window.taken < limit;
    if (taken) {
      window.taken += 1;
      this.#windows.set(name, window);
    }
    return Promise.resolve({ taken, retryAfterMs: window.endsAt - now });
  }

  giveBack(name: string): Promise<void> {
    const window = this.#current(name, performance.now());
    if (window) window.taken -= 1;
    // Attackers may have many addresses: a window without a taken slot must not displace another one.
    if (window?.taken === 0) this.#windows.delete(name);
    return Promise.resolve();
  }

  #current(name: string, now: number): Window | undefined {
    const window = this.#windows.get(name);
    return window && now < window.endsAt ? window : undefined;
  }
}

/** Counts slots for all replicas, and for this one alone while the shared store is unavailable. */
export class SharedBudgetStore implements BudgetStore {
  readonly #store: ResilientStore<unknown>;
  readonly #shared: BudgetStore;
  readonly #fallback: BudgetStore;
  /** Names without a slot: many requests for them must not become many calls of the store. By the monotonic clock. */
  readonly #exhausted = new LRUCache<string, { windowEndsAt: number; askAgainAt: number }>({ max: MAX_EXHAUSTED });

  /** @param store calls `shared`, which is a part of it, with its time limit and its breaker */
  constructor(store: ResilientStore<unknown>, shared: BudgetStore, fallback: BudgetStore) {
    this.#store = store;
    this.#shared = shared;
    this.#fallback = fallback;
  }

  async take(name: string, limit: number, windowMs: number): Promise<BudgetSlot> {
    const now = performance.now();
    const exhausted = this.#exhausted.get(name);
    if (exhausted && now < exhausted.askAgainAt) return { taken: false, retryAfterMs: exhausted.windowEndsAt - now };
    const result = await this.#store.run(async () => slotOf(await this.#shared.take(name, limit, windowMs), windowMs));
    if (!result) return this.#fallback.take(name, limit, windowMs);
    const { taken, retryAfterMs } = result.value;
    if (!taken) {
      const waitMs = Math.min(retryAfterMs, RETRY_EXHAUSTED_MS);
      this.#exhausted.set(name, { windowEndsAt: now + retryAfterMs, askAgainAt: now + waitMs });
    }
    return result.value;
  }

  async giveBack(name: string): Promise<void> {
    this.#exhausted.delete(name);
    const result = await this.#store.run(() => this.#shared.giveBack(name));
    if (!result) await this.#fallback.giveBack(name);
  }
}

/**
 * Validates what a store returned: the application may have implemented it.
 * @throws `TypeError` when it does not tell whether a slot was taken; that counts as a failure of the store
 */
function slotOf({ taken, retryAfterMs }: Record<keyof BudgetSlot, unknown>, windowMs: number): BudgetSlot {
  if (typeof taken !== 'boolean') throw new TypeError('The budget store does not tell whether it took a slot');
  const waitMs = typeof retryAfterMs === 'number' && !Number.isNaN(retryAfterMs) ? retryAfterMs : windowMs;
  return { taken, retryAfterMs: Math.min(Math.max(waitMs, 0), windowMs) };
}
