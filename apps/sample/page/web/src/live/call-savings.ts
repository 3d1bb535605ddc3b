import type { CoinflowAuthMetrics } from 'nestjs-coinflow-auth';

/** The metrics behind the counters. */
export interface Tally {
  readonly requests: number;
  /** Calls of Verify Token, including retries and the endpoint probe. */
  readonly verifyCalls: number;
  /** Calls of Get Session Key and Get Message. */
  readonly creationCalls: number;
}

export const EMPTY_TALLY: Tally = { requests: 0, verifyCalls: 0, creationCalls: 0 };

export function tallyOf({ decisions, upstream }: CoinflowAuthMetrics): Tally {
  return {
    requests: decisions.total,
    verifyCalls: upstream.verify.attempts,
    creationCalls: upstream.sessionKey.attempts + upstream.message.attempts,
  };
}

/** The difference of two tallies. Counts from zero if the sample has restarted in between. */
export function since(now: Tally, before: Tally): Tally {
  if (now.requests < before.requests) return now;
  return {
    requests: now.requests - before.requests,
    verifyCalls: Math.max(0, now.verifyCalls - before.verifyCalls),
    creationCalls: Math.max(0, now.creationCalls - before.creationCalls),
  };
}

/** The number of requests without a call. With retries there can be more calls than requests; the result is then 0. */
export function savedCalls({ requests, verifyCalls }: Tally): number {
  return Math.max(0, requests - verifyCalls);
}

/** The percentage of requests without a call, rounded down: it is below 100 % if there was any call. */
export function savedPercent(tally: Tally): string {
  if (tally.requests === 0) return '–';
  const percent = Math.floor((savedCalls(tally) / tally.requests) * 1_000) / 10;
  return `${percent} %`;
}
