import {
  CoinflowBudgetExhaustedError,
  CoinflowTooManyRequestsError,
  isCoinflowAuthError,
} from '../errors/coinflow-auth.errors.js';
import type { BudgetParts } from './budget-parts.js';
import { outcomeOf } from './call-outcome.js';
import { takeSlot, type TakenSlot } from './taken-slot.js';
import { UpstreamLimit } from './upstream-limit.js';

/**
 * How many calls wallet logins make: Get Message, and Get Session Key with a signature. Both are open to strangers and share
 * Coinflow's limit with Verify Token.
 */
export class WalletLoginBudget {
  readonly #parts: BudgetParts;
  readonly #share: string;
  readonly #upstream = new UpstreamLimit();

  constructor(parts: BudgetParts) {
    this.#parts = parts;
    this.#share = parts.names.of('share', 'walletLogins');
  }

  /**
   * @param rateLimitClient whom the call counts for; without it the limit per client does not apply
   * @throws {CoinflowBudgetExhaustedError} when no call is left, or Coinflow has answered 429
   * @throws {CoinflowTooManyRequestsError} when the client has had its part
   */
  async run<T>(rateLimitClient: string | undefined, call: () => Promise<T>): Promise<T> {
    const { clients, statistics } = this.#parts;
    const client = clients.of(rateLimitClient);
    let slots: TakenSlot[] = [];
    try {
      this.#upstream.assertOpen(client);
      slots = await this.#take(client);
      const result = await this.#upstream.run(client, call);
      statistics.used('walletLogins');
      return result;
    } catch (error) {
      if (isCoinflowAuthError(error)) statistics.denied('walletLogins', error);
      if (outcomeOf(error) === 'not-made') for (const slot of slots) slot.giveBack();
      else if (slots.length > 0) statistics.used('walletLogins');
      throw error;
    }
  }

  async #take(client: string | undefined): Promise<TakenSlot[]> {
    const { stores, names, options } = this.#parts;
    const slots: TakenSlot[] = [];
    if (client !== undefined) {
      const slot = await takeSlot(stores.callers, names.of('wallet-logins', client), options.walletLoginsPerClient);
      if (typeof slot === 'number') {
        throw new CoinflowTooManyRequestsError('This client has made too many wallet logins', {
          reason: 'wallet-logins-per-client',
          retryAfterMs: slot,
        });
      }
      slots.push(slot);
    }
    const share = await takeSlot(stores.shares, this.#share, options.walletLogins);
    if (typeof share !== 'number') return [...slots, share];
    for (const slot of slots) slot.giveBack();
    throw new CoinflowBudgetExhaustedError('The wallet logins that the option budget allows in a minute are spent', {
      reason: 'budget-spent',
      retryAfterMs: share,
    });
  }
}
