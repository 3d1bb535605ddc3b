import type { CoinflowResponse } from './coinflow-response.js';

/** What came instead of a whole answer. */
export class NoResponse {
  /** `timeout`: the call's time was over. `connection`: it ended before the answer did, or was never made. */
  readonly reason: 'timeout' | 'connection';
  /** Node's own word for it, such as `ECONNRESET`. */
  readonly code: string;

  constructor(reason: NoResponse['reason'], code: string) {
    this.reason = reason;
    this.code = code;
  }
}

/** What one attempt came to. */
export type Outcome = CoinflowResponse | NoResponse;

/** Said by what stands before Coinflow, or by Coinflow, when it cannot answer at all. */
const OUTAGE = new Set([502, 503, 504]);

/** Whether nothing was said to the question, so that asking again may help. After a time out no time is left for that. */
export function isWorthRepeating(outcome: Outcome): boolean {
  return outcome instanceof NoResponse ? outcome.reason === 'connection' : OUTAGE.has(outcome.status);
}

/**
 * Whether an outcome counts against the endpoint: no answer, a 5xx, or a 2xx or 3xx that is not a Coinflow response.
 * A 4xx never counts, whoever sends it: it comes at once, and may be about this one request (a firewall's 403, a 413, a 431).
 * Neither does Coinflow's own 500 or 501: otherwise one key that makes Coinflow fail could stop the calls for all others.
 */
export function isEndpointFailure(outcome: Outcome): boolean {
  if (outcome instanceof NoResponse) return true;
  const { status, isCoinflows } = outcome;
  if (status >= 400 && status < 500) return false;
  return !isCoinflows || isRedirect(status) || status > 501;
}

/** Coinflow's API sends none: a gateway or a login page stands in its place. */
export function isRedirect(status: number): boolean {
  return status >= 300 && status < 400;
}

/** In one word, for metrics. */
export function outcomeWord(outcome: Outcome): 'answered' | 'rate-limited' | 'not-coinflow' | NoResponse['reason'] {
  if (outcome instanceof NoResponse) return outcome.reason;
  if (outcome.status === 429) return 'rate-limited';
  return outcome.isCoinflows ? 'answered' : 'not-coinflow';
}
