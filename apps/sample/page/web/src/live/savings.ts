import type { CoinflowAuthMetrics } from 'nestjs-coinflow-auth';

/** What is counted of the figures for the three large numbers. */
export interface Tally {
  readonly requests: number;
  /** Calls of Verify Token that were sent, repeats and the made-up key of the first one included. */
  readonly verifications: number;
  /** Calls of Get Session Key and Get Message. */
  readonly logins: number;
}

export const NOTHING: Tally = { requests: 0, verifications: 0, logins: 0 };

export function tallyOf({ decisions, upstream }: CoinflowAuthMetrics): Tally {
  return {
    requests: decisions.total,
    verifications: upstream.verify.attempts,
    logins: upstream.sessionKey.attempts + upstream.message.attempts,
  };
}

/** What has come about since; from zero if the sample was started again in between. */
export function since(now: Tally, before: Tally): Tally {
  if (now.requests < before.requests) return now;
  return {
    requests: now.requests - before.requests,
    verifications: Math.max(0, now.verifications - before.verifications),
    logins: Math.max(0, now.logins - before.logins),
  };
}

/** Requests that cost no call. An outage can cost more calls than there are requests: then none is saved. */
export function savedCalls({ requests, verifications }: Tally): number {
  return Math.max(0, requests - verifications);
}

/** The share that cost no call, in per cent with one digit: never “100 %” while there was a call. */
export function savedPercent(tally: Tally): string {
  if (tally.requests === 0) return '–';
  const percent = Math.floor((savedCalls(tally) / tally.requests) * 1_000) / 10;
  return `${percent} %`;
}
