import { Logger } from '@nestjs/common';
import {
  CoinflowBudgetExhaustedError,
  CoinflowTooManyRequestsError,
  isCoinflowAuthError,
  type AnyCoinflowAuthError,
} from '../errors/coinflow-auth.errors.js';
import { WINDOW_MS } from './taken-slot.js';
import type { VerificationKind } from './verification-kind.js';

/** What calls are counted for: a kind of session key, or the login of a wallet. */
export type BudgetedCall = VerificationKind | 'walletLogins';

const CALLS: Readonly<Record<BudgetedCall, string>> = {
  knownKeys: 'calls of Verify Token for known session keys',
  revalidations: 'calls of Verify Token for the maxAgeMs of routes',
  newKeys: 'calls of Verify Token for new session keys',
  walletLogins: 'calls for wallet logins',
};

/** Why a client or a user is answered 429, for the log. */
const LIMITED: Readonly<Record<string, string>> = {
  'rejections-per-client': 'A client whose session keys Coinflow rejects is answered 429',
  'client-busy': 'A client with many new session keys at the same time is answered 429 for a moment',
  'new-keys-per-client': 'A client that sends many new session keys is answered 429',
  'known-keys-per-client': 'A client whose known session keys must be verified often is answered 429',
  'verifications-per-user': 'A user whose session keys must be verified often is answered 429',
  'wallet-logins-per-client': 'A client with many wallet logins is answered 429',
};
/** Why no call is left for anybody. */
const EXHAUSTED = new Set(['budget-spent', 'budget-closed']);

/** What the budget did, since the process started. */
export interface CoinflowBudgetMetrics {
  /**
   * Calls that were made: for keys that were verified before (`knownKeys`), for a route's `maxAgeMs` (`revalidations`), for
   * `newKeys`, and for `walletLogins`.
   */
  readonly used: Readonly<Record<BudgetedCall, number>>;
  /** Calls that were not made, since none was left or Coinflow had answered 429: 503. */
  readonly exhausted: Readonly<Record<BudgetedCall, number>>;
  /** Calls that were not made, since the client or the user had had its part: 429. */
  readonly rateLimited: Readonly<Record<BudgetedCall, number>>;
  /** For how many milliseconds Verify Token is not called for anybody, since Coinflow has answered 429; 0 otherwise. */
  readonly closedForMs: number;
}

/** Counts what becomes of calls, and logs when none are left: once in a window, however many are needed. */
export class BudgetStatistics {
  readonly #logger = new Logger('CoinflowAuth');
  readonly #used = noCalls();
  readonly #exhausted = noCalls();
  readonly #rateLimited = noCalls();
  /** By topic, until when the log has said enough: by the monotonic clock. */
  readonly #loggedUntil = new Map<string, number>();

  used(call: BudgetedCall): void {
    this.#used[call] += 1;
  }

  /** @param error whatever was thrown: counted if it says that the budget refuses */
  denied(call: BudgetedCall, error: AnyCoinflowAuthError): void {
    if (!isRefusedByBudget(error)) return;
    const limited = LIMITED[error.reason];
    if (limited !== undefined) {
      this.#rateLimited[call] += 1;
      this.#logOnce(limited, error, WINDOW_MS, error.reason);
      return;
    }
    this.#exhausted[call] += 1;
    if (!(error instanceof CoinflowBudgetExhaustedError) || error.reason !== 'budget-spent') return;
    const seconds = Math.ceil(error.retryAfterMs / 1_000);
    this.#logOnce(`The ${CALLS[call]} are spent: answered 503 for ${seconds} s`, error, error.retryAfterMs, call);
  }

  snapshot(closedForMs: number): CoinflowBudgetMetrics {
    return {
      used: { ...this.#used },
      exhausted: { ...this.#exhausted },
      rateLimited: { ...this.#rateLimited },
      closedForMs,
    };
  }

  #logOnce(line: string, { reason, action }: AnyCoinflowAuthError, forMs: number, topic: string): void {
    const now = performance.now();
    if (now < (this.#loggedUntil.get(topic) ?? -Infinity)) return;
    this.#loggedUntil.set(topic, now + forMs);
    this.#logger.warn(`${line}. ${action} [${reason}]`);
  }
}

function noCalls(): Record<BudgetedCall, number> {
  return { knownKeys: 0, revalidations: 0, newKeys: 0, walletLogins: 0 };
}

/** Whether no call was made, since the budget had none left for it. */
export function isRefusedByBudget(error: unknown): boolean {
  if (!isCoinflowAuthError(error)) return false;
  return error instanceof CoinflowTooManyRequestsError ? error.reason in LIMITED : EXHAUSTED.has(error.reason);
}
