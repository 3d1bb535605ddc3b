import { LRUCache } from 'lru-cache';
import type { BudgetSlot, BudgetStore } from '../options/budget-store.js';

interface Window {
  /** By the monotonic clock. */
  readonly endsAt: number;
  taken: number;
}

/** Counts in this process: bounded, and without a timer. */
export class ProcessBudgetStore implements BudgetStore {
  readonly #windows: LRUCache<string, Window>;

  /** @param maxNames whose windows are kept; the least recently used goes first, and begins anew */
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
    // A name of which nothing is counted is not worth a place: there may be as many as attackers have addresses.
    if (window?.taken === 0) this.#windows.delete(name);
    return Promise.resolve();
  }

  #current(name: string, now: number): Window | undefined {
    const window = this.#windows.get(name);
    return window && now < window.endsAt ? window : undefined;
  }
}
