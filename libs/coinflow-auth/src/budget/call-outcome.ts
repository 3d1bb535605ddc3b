import { CoinflowSessionRejectedError, isCoinflowAuthError } from '../errors/coinflow-auth.errors.js';

/** What became of a call to Coinflow. `unanswered`: an outage or a 429; `not-made`: a breaker or a 429 before it stopped it. */
export type CallOutcome = 'accepted' | 'rejected' | 'unanswered' | 'not-made';

const NOT_MADE = new Set(['breaker-open', 'budget-closed']);

/** @param error what the call threw */
export function outcomeOf(error: unknown): CallOutcome {
  if (error instanceof CoinflowSessionRejectedError) return 'rejected';
  return isCoinflowAuthError(error) && NOT_MADE.has(error.reason) ? 'not-made' : 'unanswered';
}
