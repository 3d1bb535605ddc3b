import type { CoinflowBudgetMetrics } from '../budget/budget-statistics.js';
import type { CoinflowSharedStoreMetrics } from '../cache/shared-cache.js';
import type { CoinflowAuthErrorCode } from '../errors/error-statuses.js';
import type { CoinflowCallMetrics } from '../http/telemetry.js';
import type { CoinflowDecidedBy } from '../verification/verification-result.js';
import type { CoinflowDecisionOutcome } from './coinflow-decision.js';

/** The counts of one instance in this replica since it started, and the current sizes of its caches. It is plain JSON. */
export interface CoinflowAuthMetrics {
  readonly decisions: CoinflowDecisionMetrics;
  readonly issuance: CoinflowIssuanceMetrics;
  readonly cache: CoinflowCacheMetrics;
  /** `null` without the option `store`. */
  readonly sharedStore: CoinflowSharedStoreMetrics | null;
  readonly budget: CoinflowBudgetMetrics;
  /** Calls to Coinflow, by endpoint. */
  readonly upstream: CoinflowCallMetrics;
  /**
   * Coinflow's clock minus the clock of this machine, in milliseconds. It is 0 for differences below one second, and `null`
   * before the first response from Coinflow.
   */
  readonly clockSkewMs: number | null;
}

/** Decisions about requests. A request with several guards counts once. */
export interface CoinflowDecisionMetrics {
  /** All decisions. */
  readonly total: number;
  /** Decisions by what became of the request. */
  readonly byOutcome: Readonly<Record<CoinflowDecisionOutcome, number>>;
  /** Decisions by what they came from. */
  readonly byDecidedBy: Readonly<Record<CoinflowDecidedBy, number>>;
  /** Rejected requests, by error code. */
  readonly byCode: Readonly<Partial<Record<CoinflowAuthErrorCode, number>>>;
}

/** Session keys that this application created. */
export interface CoinflowIssuanceMetrics {
  /** Session keys that were reused without a call. */
  readonly reused: number;
  /** Session keys that are kept for reuse. */
  readonly kept: number;
}

/** The number of entries in the cache of this replica. */
export interface CoinflowCacheMetrics {
  /** Verified sessions, those whose verification has expired included. */
  readonly sessions: number;
  /** Keys that were verified or attested before, and that Coinflow has rejected since. */
  readonly invalidated: number;
  /** Other keys in the negative cache. Here and in `invalidated`, expired entries count until they are removed. */
  readonly rejected: number;
  /** Revocations by session key. */
  readonly revokedKeys: number;
  /** Revocations by user or wallet. */
  readonly revokedSubjects: number;
}
