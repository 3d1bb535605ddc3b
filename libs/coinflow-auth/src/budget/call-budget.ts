import { CoinflowBudgetExhaustedError, isCoinflowAuthError } from '../errors/coinflow-auth.errors.js';
import type { BudgetStore } from '../options/store-contracts.js';
import type { ResolvedCoinflowAuthOptions } from '../options/resolve-options.js';
import { subjectName, type CoinflowSubject } from '../session/subject.js';
import {
  BudgetStatistics,
  type BudgetedCall,
  type CoinflowBudgetMetrics,
  type VerificationKind,
} from './budget-statistics.js';
import { budgetNames, inMemoryStores, takeSlot, type TakenSlot } from './budget-stores.js';
import { CallLimits, CoinflowRateLimit, outcomeOf, type CallParties, type TakenLimits } from './call-limits.js';
import { clientResolver, type ClientOf, type RequestOrClient } from './rate-limit-client.js';

/**
 * The shares from which a call may take its slot, in this order. No other kind of call can use the share of its own kind. All
 * shares of Verify Token add up to its budget, so nothing else is counted.
 */
const OPEN_TO: Readonly<Record<BudgetedCall | 'probe', readonly BudgetedCall[]>> = {
  knownKeys: ['knownKeys', 'newKeys', 'revalidations'],
  revalidations: ['revalidations'],
  newKeys: ['newKeys'],
  // Before the endpoint probe no key can become known, so it takes no call away from known keys.
  probe: ['newKeys', 'knownKeys', 'revalidations'],
  walletLogins: ['walletLogins'],
  apiCalls: ['apiCalls'],
};
const VERIFICATIONS_EXHAUSTED = {
  message: 'The calls of Verify Token that the option budget allows in a minute are used up',
};
const EXHAUSTED: Readonly<Partial<Record<BudgetedCall | 'probe', { message: string; action: string }>>> = {
  walletLogins: {
    message: 'The wallet logins that the option budget allows in a minute are used up',
    action: 'If Coinflow grants you more calls, raise budget.walletLogins. See budget.walletLoginsPerClient.',
  },
  apiCalls: {
    message: 'The calls without the API key that the option api.callsPerMinute allows in a minute are used up',
    action: 'If Coinflow grants you more calls, raise api.callsPerMinute (COINFLOW_API_CALLS_PER_MINUTE).',
  },
};

/** A call of Verify Token that is needed. */
export interface VerificationCall {
  readonly kind: VerificationKind;
  /** The id of the session key. */
  readonly id: string;
  /** The user or wallet that the key names. It is counted only for a known key. */
  readonly subject: CoinflowSubject | null;
  readonly client: RequestOrClient;
}

interface TakenSlots {
  readonly share: TakenSlot;
  readonly limits: TakenLimits;
}

/**
 * Limits the calls to Coinflow without the API key: Verify Token, the wallet logins (Get Message, and Get Session Key with a
 * signature), and those of `CoinflowApi`. Coinflow limits these calls, and anybody can send something that looks like a session key.
 * When no call is left, the error says when to try again.
 */
export class CallBudget {
  readonly #shareStore: BudgetStore;
  readonly #shares: Readonly<Record<BudgetedCall, { name: string; limit: number }>>;
  readonly #limits: CallLimits;
  readonly #clientOf: ClientOf;
  readonly #statistics = new BudgetStatistics();
  readonly #verifyLimit = new CoinflowRateLimit();
  readonly #walletLoginLimit = new CoinflowRateLimit();
  readonly #apiLimit = new CoinflowRateLimit();

  constructor(options: ResolvedCoinflowAuthOptions, { shares, parties } = inMemoryStores()) {
    const { budget } = options;
    const nameOf = budgetNames(options);
    const share = (call: BudgetedCall, limit: number): { name: string; limit: number } => ({
      name: nameOf('share', call),
      limit,
    });
    this.#shareStore = shares;
    this.#shares = {
      knownKeys: share('knownKeys', budget.reservedForKnownKeys),
      revalidations: share('revalidations', budget.revalidations),
      newKeys: share('newKeys', budget.newKeys),
      walletLogins: share('walletLogins', budget.walletLogins),
      apiCalls: share('apiCalls', budget.apiCalls),
    };
    this.#limits = new CallLimits(parties, nameOf, budget);
    this.#clientOf = clientResolver(budget);
  }

  get metrics(): CoinflowBudgetMetrics {
    return this.#statistics.snapshot(this.#verifyLimit.closedForMs);
  }

  /**
   * Calls Verify Token if a call is left. Retries of the call are not counted.
   * @throws {@link CoinflowBudgetExhaustedError} when no call is left, or Coinflow has responded with 429
   * @throws {@link CoinflowTooManyRequestsError} when the client or the user has reached a limit
   */
  async run({ kind, id, subject, client }: VerificationCall, call: () => Promise<void>): Promise<void> {
    const parties = {
      call: kind,
      // Anybody can write any subject into a new key: a 429 to a forged one must not stop the calls for that user.
      subject: kind === 'newKeys' ? undefined : subject ? subjectName(subject) : id,
      client: this.#clientOf(client),
    };
    await this.#limited(parties, parties.subject ?? parties.client ?? id, this.#verifyLimit, call);
  }

  /** As {@link run}, for the endpoint probe. */
  async probe(call: () => Promise<void>): Promise<void> {
    const share = await this.#counted('newKeys', () => {
      this.#verifyLimit.assertOpen(undefined);
      return this.#takeShare('probe');
    });
    await this.#call('newKeys', share, () => this.#verifyLimit.run(undefined, call));
  }

  /**
   * Makes a call of a wallet login if one is left.
   * @param rateLimitClient the client that logs in; without it, the limit per client does not apply
   * @throws {@link CoinflowBudgetExhaustedError} when no call is left, or Coinflow has responded with 429
   * @throws {@link CoinflowTooManyRequestsError} when the client has reached its limit
   */
  async runWalletLogin<T>(rateLimitClient: string | undefined, call: () => Promise<T>): Promise<T> {
    const client = this.#clientOf(rateLimitClient);
    return this.#limited({ call: 'walletLogins', subject: undefined, client }, client, this.#walletLoginLimit, call);
  }

  /**
   * Makes a call of `CoinflowApi` without the API key if one is left. Its 429 does not stop the other calls.
   * @param subject the name of the user or wallet for which the call is made
   * @throws {@link CoinflowBudgetExhaustedError} when no call is left, or Coinflow has responded with 429
   * @throws {@link CoinflowTooManyRequestsError} when the user has reached the limit
   */
  async runApiCall<T>(subject: string | undefined, call: () => Promise<T>): Promise<T> {
    return this.#limited({ call: 'apiCalls', subject, client: undefined }, subject, this.#apiLimit, call);
  }

  /** @param party for which a 429 of Coinflow stops the calls */
  async #limited<T>(
    parties: CallParties,
    party: string | undefined,
    rateLimit: CoinflowRateLimit,
    call: () => Promise<T>,
  ): Promise<T> {
    const { share, limits } = await this.#counted(parties.call, () => {
      rateLimit.assertOpen(party);
      return this.#take(parties);
    });
    let result: T;
    try {
      result = await this.#call(parties.call, share, () => rateLimit.run(party, call));
    } catch (error) {
      limits.settle(outcomeOf(error));
      throw error;
    }
    limits.settle('accepted');
    return result;
  }

  /** The limits come first: a call that they refuse must not take a slot of the share even for a moment. */
  async #take(parties: CallParties): Promise<TakenSlots> {
    const limits = await this.#limits.take(parties);
    try {
      return { share: await this.#takeShare(parties.call), limits };
    } catch (error) {
      limits.settle('not-made');
      throw error;
    }
  }

  async #takeShare(call: BudgetedCall | 'probe'): Promise<TakenSlot> {
    let retryAfterMs = Infinity;
    for (const share of OPEN_TO[call]) {
      const { name, limit } = this.#shares[share];
      const slot = await takeSlot(this.#shareStore, name, limit);
      if (typeof slot !== 'number') return slot;
      // A share without slots never has one.
      if (limit > 0) retryAfterMs = Math.min(retryAfterMs, slot);
    }
    const { message, ...advice } = EXHAUSTED[call] ?? VERIFICATIONS_EXHAUSTED;
    throw new CoinflowBudgetExhaustedError(message, {
      ...advice,
      reason: 'budget-exhausted',
      retryAfterMs,
    });
  }

  async #call<T>(kind: BudgetedCall, share: TakenSlot, call: () => Promise<T>): Promise<T> {
    let result: T;
    try {
      // Coinflow may have responded with 429 while the slots were taken.
      result = await this.#counted(kind, call);
    } catch (error) {
      if (outcomeOf(error) === 'not-made') share.giveBack();
      else this.#statistics.used(kind);
      throw error;
    }
    this.#statistics.used(kind);
    return result;
  }

  /** Counts the error when the budget refuses the call. */
  async #counted<T>(call: BudgetedCall, step: () => Promise<T>): Promise<T> {
    try {
      return await step();
    } catch (error) {
      if (isCoinflowAuthError(error)) this.#statistics.denied(call, error);
      throw error;
    }
  }
}
