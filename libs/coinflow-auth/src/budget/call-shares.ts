import { CoinflowBudgetExhaustedError } from '../errors/coinflow-auth.errors.js';
import type { BudgetStore } from '../options/budget-store.js';
import type { ResolvedBudgetOptions } from '../options/budget-options.js';
import type { BudgetNames } from './budget-names.js';
import { takeSlot, type TakenSlot } from './taken-slot.js';
import type { VerificationKind } from './verification-kind.js';

/**
 * From which shares a call may take its slot, in this order. No other kind of call can spend the share of its own kind. All
 * shares add up to the budget, so nothing else is counted.
 */
const OPEN_TO: Readonly<Record<VerificationKind | 'probe', readonly VerificationKind[]>> = {
  knownKeys: ['knownKeys', 'newKeys', 'revalidations'],
  revalidations: ['revalidations'],
  newKeys: ['newKeys'],
  // Before it, no acceptance counts: there are no known keys yet from which it could take a call away.
  probe: ['newKeys', 'knownKeys', 'revalidations'],
};

/** Divides the calls of a minute among the kinds of keys for which they are made. */
export class CallShares {
  readonly #store: BudgetStore;
  readonly #shares: Readonly<Record<VerificationKind, { name: string; limit: number }>>;

  constructor(store: BudgetStore, names: BudgetNames, options: ResolvedBudgetOptions) {
    this.#store = store;
    this.#shares = {
      knownKeys: { name: names.of('share', 'knownKeys'), limit: options.reservedForKnownKeys },
      revalidations: { name: names.of('share', 'revalidations'), limit: options.revalidations },
      newKeys: { name: names.of('share', 'newKeys'), limit: options.newKeys },
    };
  }

  /** @throws {CoinflowBudgetExhaustedError} when none is left */
  async take(kind: VerificationKind | 'probe'): Promise<TakenSlot> {
    let retryAfterMs = Infinity;
    for (const share of OPEN_TO[kind]) {
      const { name, limit } = this.#shares[share];
      const slot = await takeSlot(this.#store, name, limit);
      if (typeof slot !== 'number') return slot;
      // A share of none never has any.
      if (limit > 0) retryAfterMs = Math.min(retryAfterMs, slot);
    }
    throw new CoinflowBudgetExhaustedError(
      'The calls of Verify Token that the option budget allows in a minute are spent',
      {
        reason: 'budget-spent',
        retryAfterMs,
      },
    );
  }
}
