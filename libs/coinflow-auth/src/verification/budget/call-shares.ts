import { CoinflowRateLimitedError } from '../../errors/coinflow-auth.errors.js';
import type { BudgetStore } from '../../options/budget-store.js';
import type { ResolvedBudgetOptions } from '../../options/budget-options.js';
import type { BudgetNames } from './budget-names.js';
import { takeSlot, type TakenSlot } from './taken-slot.js';
import type { VerificationKind } from './verification-kind.js';

/**
 * From which shares a call may take its slot, in this order. A share that only its own kind can spend is not reached by
 * what the others do, however their windows lie; and all of them add up to the budget, so that nothing else is counted.
 */
const OPEN_TO: Readonly<Record<VerificationKind | 'probe', readonly VerificationKind[]>> = {
  proven: ['proven', 'unknown', 'forced'],
  forced: ['forced'],
  unknown: ['unknown'],
  // Until it has been made nobody is let in by asking, so nobody is there yet from whom the rest must be kept.
  probe: ['unknown', 'proven', 'forced'],
};

/** Divides the calls of a minute among those for whom they are made. */
export class CallShares {
  readonly #store: BudgetStore;
  readonly #shares: Readonly<Record<VerificationKind, { name: string; limit: number }>>;

  constructor(store: BudgetStore, names: BudgetNames, options: ResolvedBudgetOptions) {
    this.#store = store;
    this.#shares = {
      proven: { name: names.of('share', 'proven'), limit: options.reservedForProven },
      forced: { name: names.of('share', 'forced'), limit: options.forcedChecks },
      unknown: { name: names.of('share', 'unknown'), limit: options.newKeys },
    };
  }

  /** @throws {CoinflowRateLimitedError} when none is left */
  async take(kind: VerificationKind | 'probe'): Promise<TakenSlot> {
    let retryAfterMs = Infinity;
    for (const share of OPEN_TO[kind]) {
      const { name, limit } = this.#shares[share];
      const slot = await takeSlot(this.#store, name, limit);
      if (typeof slot !== 'number') return slot;
      // A share of none never has any.
      if (limit > 0) retryAfterMs = Math.min(retryAfterMs, slot);
    }
    throw new CoinflowRateLimitedError('The calls of Verify Token that are allowed in a minute are spent', {
      reason: 'budget-spent',
      retryAfterMs,
    });
  }
}
