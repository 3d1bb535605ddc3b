import type { UpstreamMetrics } from '../http/call-statistics.js';
import type { CoinflowAuthErrorCode } from '../errors/error-catalogue.js';
import type { CoinflowBudgetMetrics } from '../budget/budget-statistics.js';
import type { CoinflowDecidedBy } from '../verification/decision-trace.js';
import type { CoinflowSharedCacheMetrics } from '../cache/shared-cache.js';
import type { CoinflowDecisionOutcome } from './coinflow-decision.js';

/** What this process has done since it started, and what it remembers now: plain JSON. */
export interface CoinflowAuthMetrics {
  readonly decisions: CoinflowDecisionMetrics;
  readonly issuance: CoinflowIssuanceMetrics;
  readonly cache: CoinflowCacheMetrics;
  /** What the store came to that the instances share; `null` where each is by itself. */
  readonly sharedStore: CoinflowSharedStoreMetrics | null;
  readonly budget: CoinflowBudgetMetrics;
  /** Calls to Coinflow, by endpoint. */
  readonly upstream: UpstreamMetrics;
  /** Coinflow's clock minus this machine's, in milliseconds; 0 below a second; `null` until a response has shown it. */
  readonly clockSkewMs: number | null;
}

/** What the instances share. */
export interface CoinflowSharedStoreMetrics extends CoinflowSharedCacheMetrics {
  /** Whether what other instances have revoked is known here; `null` where the store does not share revocations. */
  readonly revocationsKnown: boolean | null;
}

/** Each request that was decided about is counted once, whatever guards it met. */
export interface CoinflowDecisionMetrics {
  readonly total: number;
  /** What became of the requests. */
  readonly byOutcome: Readonly<Record<CoinflowDecisionOutcome, number>>;
  /** What the decisions rest on. */
  readonly byDecidedBy: Readonly<Record<CoinflowDecidedBy, number>>;
  /** Why requests were not let in. */
  readonly byCode: Readonly<Partial<Record<CoinflowAuthErrorCode, number>>>;
}

/** Session keys that were asked for. */
export interface CoinflowIssuanceMetrics {
  /** How many were handed out again, without a call. */
  readonly reused: number;
  /** How many are kept to be handed out again. */
  readonly kept: number;
}

/** How many entries memory has. */
export interface CoinflowCacheMetrics {
  /** Sessions that are proven, or were. */
  readonly sessions: number;
  /** Keys that were verified or attested before, and that Coinflow has rejected since. */
  readonly invalidated: number;
  /** Other keys that Coinflow has rejected. Of both kinds, expired entries count until they are removed. */
  readonly rejected: number;
  /** Revocations by key. */
  readonly revokedKeys: number;
  /** Revocations by payer. */
  readonly revokedSubjects: number;
}
