import { LRUCache } from 'lru-cache';
import {
  CoinflowBudgetExhaustedError,
  CoinflowSessionRejectedError,
  CoinflowTooManyRequestsError,
  isCoinflowAuthError,
  isTemporary,
} from '../errors/coinflow-auth.errors.js';
import type { BudgetStore } from '../options/store-contracts.js';
import type { ResolvedBudgetOptions } from '../options/resolve-options.js';
import type { BudgetedCall } from './budget-statistics.js';
import { WINDOW_MS, takeSlot, type NameOf, type TakenSlot } from './budget-stores.js';

const MAX_PARTIES = 10_000;
/** When a call that is under way has probably ended. */
const BUSY_RETRY_AFTER_MS = 1_000;
/** The longest pause after a 429, whatever its `Retry-After`. */
const MAX_CLOSED_MS = 60_000;

/**
 * The outcome of a call to Coinflow. `unanswered`: an outage, or a 429 of Coinflow. `not-made`: the breaker or an earlier 429
 * prevented it.
 */
export type CallOutcome = 'accepted' | 'rejected' | 'unanswered' | 'not-made';

const ANY_CALL: readonly CallOutcome[] = ['accepted', 'rejected', 'unanswered'];
const NOT_MADE = new Set(['breaker-open', 'rate-limit-cooldown']);

/** @param error what the call threw */
export function outcomeOf(error: unknown): CallOutcome {
  if (error instanceof CoinflowSessionRejectedError) return 'rejected';
  return isCoinflowAuthError(error) && NOT_MADE.has(error.reason) ? 'not-made' : 'unanswered';
}

/** A call, and the user and client for which it counts. */
export interface CallParties {
  readonly call: BudgetedCall;
  /** The user of a known key, or the key itself if it names none. `undefined` for a new key, which may name any user. */
  readonly subject: string | undefined;
  /** `undefined` where clients cannot be told apart. */
  readonly client: string | undefined;
}

/** How many calls one client or user can have in a window. */
interface Limit {
  readonly name: string;
  readonly max: number;
  /** The reason and message of the error when the limit is reached. */
  readonly reason: string;
  readonly message: string;
  /** The outcomes after which the slot of a call stays taken. */
  readonly spentBy: readonly CallOutcome[];
}

const REJECTIONS = 'rejections-per-client';
const MESSAGES = {
  rejections: 'Coinflow has rejected too many session keys of this client',
  underWay: 'Too many new session keys of this client are being verified at the same time',
  newKeys: 'This client has sent too many new session keys',
  subject: 'Session keys of this user had to be verified too often',
  client: 'Known session keys of this client had to be verified too often',
  walletLogins: 'This client has made too many wallet logins',
  apiCalls: 'Too many calls were made for this user',
};

/** The slots of one call. */
export interface TakenLimits {
  /** Gives the slots back that stay taken only after other outcomes. */
  readonly settle: (outcome: CallOutcome) => void;
}

/** The limits of each client and each user, which prevent one of them from using the calls of all others. */
export class CallLimits {
  readonly #store: BudgetStore;
  readonly #nameOf: NameOf;
  readonly #options: ResolvedBudgetOptions;
  /** By the name of a client's limit of rejections: how many of its slots are used by calls that are under way. */
  readonly #underWay = new Map<string, number>();
  /** By the same name: until when the last rejection that this process has seen counts, by the monotonic clock. */
  readonly #rejectedUntil = new LRUCache<string, number>({ max: MAX_PARTIES });

  constructor(store: BudgetStore, nameOf: NameOf, options: ResolvedBudgetOptions) {
    this.#store = store;
    this.#nameOf = nameOf;
    this.#options = options;
  }

  /** @throws {@link CoinflowTooManyRequestsError} when the client or the user has reached a limit */
  async take(parties: CallParties): Promise<TakenLimits> {
    const taken: [Limit, TakenSlot][] = [];
    const settle = (outcome: CallOutcome): void => {
      for (const [limit, slot] of taken) {
        if (!limit.spentBy.includes(outcome)) slot.giveBack();
        if (limit.reason === REJECTIONS) this.#ended(limit.name, outcome);
      }
    };
    for (const limit of this.#limitsOf(parties)) {
      const slot = await takeSlot(this.#store, limit.name, limit.max);
      if (typeof slot === 'number') {
        settle('not-made');
        throw this.#refusal(limit, slot);
      }
      taken.push([limit, slot]);
      if (limit.reason === REJECTIONS) this.#underWay.set(limit.name, (this.#underWay.get(limit.name) ?? 0) + 1);
    }
    return { settle };
  }

  #limitsOf({ call, subject, client }: CallParties): Limit[] {
    const { rejectionsPerClient, newKeysPerClient, walletLoginsPerClient, apiCallsPerUser, ...known } = this.#options;
    if (call === 'walletLogins') {
      return this.#limits([
        ['wallet-logins', client, walletLoginsPerClient, 'wallet-logins-per-client', MESSAGES.walletLogins, ANY_CALL],
      ]);
    }
    if (call === 'apiCalls') {
      return this.#limits([['api', subject, apiCallsPerUser, 'api-calls-per-user', MESSAGES.apiCalls, ANY_CALL]]);
    }
    if (call === 'newKeys') {
      return this.#limits([
        // Taken before the call, so that concurrent calls cannot exceed it. An outage must not count as a rejection.
        ['rejections', client, rejectionsPerClient, REJECTIONS, MESSAGES.rejections, ['rejected']],
        ['new-keys', client, newKeysPerClient, 'new-keys-per-client', MESSAGES.newKeys, ['accepted', 'rejected']],
      ]);
    }
    const perClient = call === 'revalidations' ? known.revalidationsPerClient : known.knownKeysPerClient;
    return this.#limits([
      ['subject', subject, known.callsPerSubject, 'verifications-per-user', MESSAGES.subject, ANY_CALL],
      [call, client, perClient, 'known-keys-per-client', MESSAGES.client, ANY_CALL],
    ]);
  }

  #limits(limits: [string, string | undefined, number, string, string, readonly CallOutcome[]][]): Limit[] {
    return limits.flatMap(([counted, party, max, reason, message, spentBy]) =>
      party === undefined || max === 0 ? [] : [{ name: this.#nameOf(counted, party), max, reason, message, spentBy }],
    );
  }

  #ended(name: string, outcome: CallOutcome): void {
    const left = (this.#underWay.get(name) ?? 1) - 1;
    if (left > 0) this.#underWay.set(name, left);
    else this.#underWay.delete(name);
    if (outcome === 'rejected') this.#rejectedUntil.set(name, performance.now() + WINDOW_MS);
  }

  #refusal({ name, reason, message }: Limit, retryAfterMs: number): CoinflowTooManyRequestsError {
    if (reason === REJECTIONS && this.#isBusy(name)) {
      return new CoinflowTooManyRequestsError(MESSAGES.underWay, {
        reason: 'client-busy',
        retryAfterMs: BUSY_RETRY_AFTER_MS,
      });
    }
    return new CoinflowTooManyRequestsError(message, { reason, retryAfterMs });
  }

  /** Whether the slots of a client are used by calls that are under way: many users may share one address. */
  #isBusy(name: string): boolean {
    const hasRejections = performance.now() < (this.#rejectedUntil.get(name) ?? -Infinity);
    return this.#underWay.has(name) || !hasRejections;
  }
}

/**
 * Coinflow's own rate limit, as its 429s show it. Coinflow may limit one user, one client, or all calls. So a 429 first stops
 * the calls for the party that met it. Then one call for another party, the trial, is allowed; if it meets a 429 too, all calls
 * are stopped. A party is a user, a client, or a session key.
 */
export class CoinflowRateLimit {
  /** By the monotonic clock, as all times here. */
  #closedUntil = -Infinity;
  readonly #parties = new LRUCache<string, number>({ max: MAX_PARTIES });
  /** The party that met the last 429, while it is unknown whether all parties are limited. */
  #suspicion: { party: string; since: number; until: number } | undefined;
  #isTrialUnderWay = false;

  /** For how many milliseconds no call is made at all. */
  get closedForMs(): number {
    return Math.max(this.#closedUntil - performance.now(), 0);
  }

  /** @throws {@link CoinflowBudgetExhaustedError} while no call is made for this party */
  assertOpen(party: string | undefined): void {
    const now = performance.now();
    const partyUntil = (party !== undefined && this.#parties.get(party)) || -Infinity;
    const trialUntil = this.#isSuspected(now) && this.#isTrialUnderWay ? now + BUSY_RETRY_AFTER_MS : -Infinity;
    const retryAfterMs = Math.max(this.#closedUntil, partyUntil, trialUntil) - now;
    if (retryAfterMs <= 0) return;
    throw new CoinflowBudgetExhaustedError(
      'Coinflow has responded with 429, so no call is made until its Retry-After',
      {
        reason: 'rate-limit-cooldown',
        retryAfterMs,
      },
    );
  }

  /**
   * Makes a call and counts its outcome.
   * @param party `undefined` if the call is for no party: a 429 then stops all calls
   */
  async run<T>(party: string | undefined, call: () => Promise<T>): Promise<T> {
    this.assertOpen(party);
    const startedAt = performance.now();
    const isTrial = this.#isSuspected(startedAt);
    if (isTrial) this.#isTrialUnderWay = true;
    try {
      const result = await call();
      this.#answered(startedAt);
      return result;
    } catch (error) {
      if (error instanceof CoinflowBudgetExhaustedError) this.#limited(party, error.retryAfterMs);
      else if (isResponse(error)) this.#answered(startedAt);
      throw error;
    } finally {
      if (isTrial) this.#isTrialUnderWay = false;
    }
  }

  #isSuspected(now: number): boolean {
    return this.#suspicion !== undefined && now < this.#suspicion.until;
  }

  /** A call that began before the 429 does not show that other parties are not limited. */
  #answered(startedAt: number): void {
    if (this.#suspicion && this.#suspicion.since <= startedAt) this.#suspicion = undefined;
  }

  #limited(party: string | undefined, retryAfterMs: number): void {
    const now = performance.now();
    const until = now + Math.min(retryAfterMs, MAX_CLOSED_MS);
    const isSecond = this.#isSuspected(now) && this.#suspicion?.party !== party;
    if (party === undefined || isSecond) {
      this.#closedUntil = Math.max(this.#closedUntil, until);
      this.#suspicion = undefined;
      return;
    }
    this.#parties.set(party, Math.max(this.#parties.get(party) ?? until, until));
    this.#suspicion = { party, since: now, until };
  }
}

/** An error that is not worth a retry is a response of Coinflow, unless its outcome is unknown. */
function isResponse(error: unknown): boolean {
  return isCoinflowAuthError(error) && !isTemporary(error) && error.code !== 'COINFLOW_OUTCOME_UNKNOWN';
}
