import { LRUCache } from 'lru-cache';
import type { BudgetSlot, BudgetStore } from '../options/budget-store.js';
import type { ResilientStore } from '../cache/resilient-store.js';

const MAX_SPENT = 10_000;
/** Another replica may have given a slot back. */
const ASK_AGAIN_MS = 1_000;

/** Counts for all instances together, and for this one alone while their store is away. */
export class SharedBudgetStore implements BudgetStore {
  readonly #store: ResilientStore<unknown>;
  readonly #shared: BudgetStore;
  readonly #own: BudgetStore;
  /** Names without a slot left: a flood must not become one of the store. By the monotonic clock. */
  readonly #spent = new LRUCache<string, { windowEndsAt: number; askAgainAt: number }>({ max: MAX_SPENT });

  /** @param store asks `shared`, which is a part of it, with the same care */
  constructor(store: ResilientStore<unknown>, shared: BudgetStore, own: BudgetStore) {
    this.#store = store;
    this.#shared = shared;
    this.#own = own;
  }

  async take(name: string, limit: number, windowMs: number): Promise<BudgetSlot> {
    const now = performance.now();
    const spent = this.#spent.get(name);
    if (spent && now < spent.askAgainAt) return { taken: false, retryAfterMs: spent.windowEndsAt - now };
    const answer = await this.#store.ask(async () => slotOf(await this.#shared.take(name, limit, windowMs), windowMs));
    if (!answer) return this.#own.take(name, limit, windowMs);
    const { taken, retryAfterMs } = answer.value;
    if (!taken) {
      const waitMs = Math.min(retryAfterMs, ASK_AGAIN_MS);
      this.#spent.set(name, { windowEndsAt: now + retryAfterMs, askAgainAt: now + waitMs });
    }
    return answer.value;
  }

  async giveBack(name: string): Promise<void> {
    this.#spent.delete(name);
    const answer = await this.#store.ask(() => this.#shared.giveBack(name));
    if (!answer) await this.#own.giveBack(name);
  }
}

/**
 * What a store answers may be anything: its type is the application's.
 * @throws {TypeError} when it does not say whether a slot was taken; the store has failed then
 */
function slotOf({ taken, retryAfterMs }: Record<keyof BudgetSlot, unknown>, windowMs: number): BudgetSlot {
  if (typeof taken !== 'boolean') throw new TypeError('The budget store does not say whether it took a slot');
  const waitMs = typeof retryAfterMs === 'number' && !Number.isNaN(retryAfterMs) ? retryAfterMs : windowMs;
  return { taken, retryAfterMs: Math.min(Math.max(waitMs, 0), windowMs) };
}
