import type { ApiResponse } from '../api/call-api.js';
import { outcomeOfStatus, type OutcomeGroup } from '../live/decision-groups.js';
import { median } from '../live/series.js';

const MAX_OUTCOMES = 60;
const MAX_LATENCIES = 20;

/** Statistics of a stream of requests. */
export interface TrafficStats {
  readonly count: number;
  readonly authenticated: number;
  /** The outcomes of the last requests, oldest first. */
  readonly outcomes: readonly OutcomeGroup[];
  readonly latenciesMs: readonly number[];
  /** The last response that was not successful. */
  readonly lastError: { readonly status: number; readonly code: string | undefined } | undefined;
  readonly countByStatus: Readonly<Record<number, number>>;
}

export const NO_TRAFFIC: TrafficStats = {
  count: 0,
  authenticated: 0,
  outcomes: [],
  latenciesMs: [],
  lastError: undefined,
  countByStatus: {},
};

export function withResponse(stats: TrafficStats, { status, code, durationMs }: ApiResponse): TrafficStats {
  const outcome = outcomeOfStatus(status);
  const isAuthenticated = outcome === 'authenticated';
  return {
    count: stats.count + 1,
    authenticated: stats.authenticated + (isAuthenticated ? 1 : 0),
    outcomes: [...stats.outcomes, outcome].slice(-MAX_OUTCOMES),
    latenciesMs: [...stats.latenciesMs, durationMs].slice(-MAX_LATENCIES),
    lastError: isAuthenticated ? stats.lastError : { status, code },
    countByStatus: { ...stats.countByStatus, [status]: (stats.countByStatus[status] ?? 0) + 1 },
  };
}

/** The median latency of the last requests; `undefined` before the first. */
export function p50LatencyMs({ latenciesMs }: TrafficStats): number | undefined {
  return latenciesMs.length > 0 ? median(latenciesMs) : undefined;
}
