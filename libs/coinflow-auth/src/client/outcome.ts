import type { CoinflowAnswer } from './answer.js';

/** What came instead of a whole answer. */
export class NoAnswer {
  /** `timeout`: the call's time was over. `connection`: it ended before the answer did, or was never made. */
  readonly reason: 'timeout' | 'connection';
  /** Node's own word for it, such as `ECONNRESET`. */
  readonly code: string;

  constructor(reason: NoAnswer['reason'], code: string) {
    this.reason = reason;
    this.code = code;
  }
}

/** What one attempt came to. */
export type Outcome = CoinflowAnswer | NoAnswer;

/** Said by what stands before Coinflow, or by Coinflow, when it cannot answer at all. */
const OUTAGE = new Set([502, 503, 504]);

/** Whether nothing was said to the question, so that asking again may help. After a time out no time is left for that. */
export function isWorthRepeating(outcome: Outcome): boolean {
  return outcome instanceof NoAnswer ? outcome.reason === 'connection' : OUTAGE.has(outcome.status);
}

/**
 * Whether it speaks against the endpoint. A 500 of Coinflow's own may be about this one question: if it counted, one key
 * that makes Coinflow stumble could shut everybody out. A rate limit is an answer, whoever gives it.
 */
export function isEndpointFailure(outcome: Outcome): boolean {
  if (outcome instanceof NoAnswer || OUTAGE.has(outcome.status)) return true;
  return !outcome.isCoinflows && outcome.status !== 429;
}

/** In one word, for metrics. */
export function outcomeWord(outcome: Outcome): 'answered' | 'rate-limited' | 'not-coinflow' | NoAnswer['reason'] {
  if (outcome instanceof NoAnswer) return outcome.reason;
  if (outcome.status === 429) return 'rate-limited';
  return outcome.isCoinflows ? 'answered' : 'not-coinflow';
}
