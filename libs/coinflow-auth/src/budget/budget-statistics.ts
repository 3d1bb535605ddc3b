import { isFresh, isKnown, type Verification } from '../cache/cached-session.js';
import {
  CoinflowBudgetExhaustedError,
  CoinflowTooManyRequestsError,
  isCoinflowAuthError,
  type AnyCoinflowAuthError,
} from '../errors/coinflow-auth.errors.js';
import { OnceLogger } from '../util/once-logger.js';
import { WINDOW_MS } from './budget-stores.js';

export const VERIFICATION_KINDS = ['knownKeys', 'revalidations', 'newKeys'] as const;

/**
 * For which keys Verify Token is called. `knownKeys`: keys that were verified or attested before, and whose verification has
 * expired or was invalidated. `revalidations`: keys whose verification is valid, but too old for a route's `maxAgeMs`.
 * `newKeys`: all other keys.
 */
export type VerificationKind = (typeof VERIFICATION_KINDS)[number];

export const BUDGETED_CALLS = [...VERIFICATION_KINDS, 'walletLogins', 'apiCalls'] as const;

/**
 * The purpose of a call: the verification of a session key, the login of a wallet, or a call of `CoinflowApi` without the API key.
 *
 * @inline
 */
export type BudgetedCall = (typeof BUDGETED_CALLS)[number];

export function verificationKind(verification: Verification): VerificationKind {
  if (isFresh(verification, Infinity)) return 'revalidations';
  return isKnown(verification) ? 'knownKeys' : 'newKeys';
}

const CALLS: Readonly<Record<BudgetedCall, string>> = {
  knownKeys: 'calls of Verify Token for known session keys',
  revalidations: 'calls of Verify Token for the maxAgeMs of routes',
  newKeys: 'calls of Verify Token for new session keys',
  walletLogins: 'calls for wallet logins',
  apiCalls: 'calls of CoinflowApi without the API key',
};

/** By the reason of the error, the log line about a client or user that gets 429. */
export const RATE_LIMITED: Readonly<Record<string, string>> = {
  'rejections-per-client': 'A client whose session keys Coinflow rejects gets 429',
  'client-busy': 'A client with many new session keys at the same time gets 429 for a moment',
  'new-keys-per-client': 'A client that sends many new session keys gets 429',
  'known-keys-per-client': 'A client whose known session keys must be verified often gets 429',
  'verifications-per-user': 'A user whose session keys must be verified often gets 429',
  'wallet-logins-per-client': 'A client with many wallet logins gets 429',
  'api-calls-per-user': 'A user for whom CoinflowApi makes many calls gets 429',
};
/** The reasons of errors for which no client gets a call. */
const EXHAUSTED = new Set(['budget-exhausted', 'rate-limit-cooldown']);

/** What the budget did since the replica started. */
export interface CoinflowBudgetMetrics {
  /**
   * Calls that were made: for keys that were verified before (`knownKeys`), for a route's `maxAgeMs` (`revalidations`), for
   * `newKeys`, for `walletLogins`, and by `CoinflowApi` without the API key (`apiCalls`).
   */
  readonly used: Readonly<Record<BudgetedCall, number>>;
  /** Calls that were not made because the budget was exhausted or Coinflow had responded with 429: 503. */
  readonly exhausted: Readonly<Record<BudgetedCall, number>>;
  /** Calls that were not made because the client or user had reached a limit: 429. */
  readonly rateLimited: Readonly<Record<BudgetedCall, number>>;
  /** For how many milliseconds Verify Token is not called at all, because Coinflow has responded with 429; 0 otherwise. */
  readonly closedForMs: number;
}

/** Counts calls by their purpose, and logs refusals: once in a window for each reason. */
export class BudgetStatistics {
  readonly #log = new OnceLogger();
  readonly #used = noCalls();
  readonly #exhausted = noCalls();
  readonly #rateLimited = noCalls();

  used(call: BudgetedCall): void {
    this.#used[call] += 1;
  }

  /** @param error counted if the budget refused the call; any other error is ignored */
  denied(call: BudgetedCall, error: AnyCoinflowAuthError): void {
    if (!isRefusedByBudget(error)) return;
    const { reason, action } = error;
    const line = RATE_LIMITED[reason];
    if (line !== undefined) {
      this.#rateLimited[call] += 1;
      this.#log.warn(`${line}. ${action} [${reason}]`, { topic: reason, forMs: WINDOW_MS });
      return;
    }
    this.#exhausted[call] += 1;
    if (!(error instanceof CoinflowBudgetExhaustedError) || reason !== 'budget-exhausted') return;
    const { retryAfterMs } = error;
    const seconds = Math.ceil(retryAfterMs / 1_000);
    this.#log.warn(
      `The budget of ${CALLS[call]} is exhausted: requests that need one get 503 for ${seconds} s. ${action} [budget-exhausted]`,
      { topic: call, forMs: retryAfterMs },
    );
  }

  snapshot(closedForMs: number): CoinflowBudgetMetrics {
    return {
      used: { ...this.#used },
      exhausted: { ...this.#exhausted },
      rateLimited: { ...this.#rateLimited },
      closedForMs,
    };
  }
}

function noCalls(): Record<BudgetedCall, number> {
  return { knownKeys: 0, revalidations: 0, newKeys: 0, walletLogins: 0, apiCalls: 0 };
}

/** Whether no call was made because the budget was exhausted or a limit was reached. */
export function isRefusedByBudget(error: unknown): boolean {
  if (!isCoinflowAuthError(error)) return false;
  return error instanceof CoinflowTooManyRequestsError ? error.reason in RATE_LIMITED : EXHAUSTED.has(error.reason);
}
