import type { BudgetStore } from '../options/budget-store.js';

/** How long a window of the budget is. */
export const WINDOW_MS = 60_000;

/** A slot that somebody has. */
export class TakenSlot {
  readonly #store: BudgetStore;
  readonly #name: string;
  /** By the monotonic clock. */
  readonly #windowEndsAt: number;

  constructor(store: BudgetStore, name: string, windowLeftMs: number) {
    this.#store = store;
    this.#name = name;
    this.#windowEndsAt = performance.now() + windowLeftMs;
  }

  /** Not to a window that has begun since: it did not lose any. Nobody waits for it. */
  giveBack(): void {
    if (performance.now() < this.#windowEndsAt) void this.#store.giveBack(this.#name);
  }
}

/** @returns the slot, or in how many milliseconds there will be one */
export async function takeSlot(store: BudgetStore, name: string, limit: number): Promise<TakenSlot | number> {
  const { taken, retryAfterMs } = await store.take(name, limit, WINDOW_MS);
  return taken ? new TakenSlot(store, name, retryAfterMs) : retryAfterMs;
}
