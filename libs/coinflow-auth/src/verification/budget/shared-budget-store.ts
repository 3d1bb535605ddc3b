import type { BudgetSlot, BudgetStore } from '../../options/budget-store.js';
import type { CarefulStore } from '../shared/careful-store.js';

/** Counts for all instances together, and for this one alone while their store is away. */
export class SharedBudgetStore implements BudgetStore {
  readonly #store: CarefulStore<unknown>;
  readonly #shared: BudgetStore;
  readonly #own: BudgetStore;

  /** @param store asks `shared`, which is a part of it, with the same care */
  constructor(store: CarefulStore<unknown>, shared: BudgetStore, own: BudgetStore) {
    this.#store = store;
    this.#shared = shared;
    this.#own = own;
  }

  async take(name: string, limit: number, windowMs: number): Promise<BudgetSlot> {
    const answer = await this.#store.ask(() => this.#shared.take(name, limit, windowMs));
    return answer ? answer.value : this.#own.take(name, limit, windowMs);
  }

  async giveBack(name: string): Promise<void> {
    const answer = await this.#store.ask(() => this.#shared.giveBack(name));
    if (!answer) await this.#own.giveBack(name);
  }
}
