import type { CoinflowAuthMetrics, CoinflowBudgetMetrics } from 'nestjs-coinflow-auth';
import { formatCount, formatDuration, plural } from '../ui/format.js';

/** The module logs a warning above this skew too. */
const MAX_SKEW_MS = 30_000;

export function budgetText({ used }: CoinflowBudgetMetrics): string {
  const counts = [
    [used.newKeys, 'new key'],
    [used.revalidations, 'revalidation'],
    [used.knownKeys, 'known key'],
    [used.walletLogins, 'wallet login'],
    [used.apiCalls, 'API call'],
  ] as const;
  const parts = counts.filter(([count]) => count > 0).map(([count, purpose]) => plural(count, purpose));
  return parts.length > 0 ? parts.join(', ') : 'None';
}

/** The calls that the budget has blocked, by reason. */
export function blockedCallsText({ exhausted, rateLimited }: CoinflowBudgetMetrics): string {
  const budgetExhausted = Object.values(exhausted).reduce((total, count) => total + count, 0);
  const counts = [
    [rateLimited.newKeys, 'invalid keys of one client'],
    [rateLimited.revalidations + rateLimited.knownKeys, 'too many checks of one key'],
    [rateLimited.walletLogins, 'wallet logins of one client'],
    [rateLimited.apiCalls, 'API calls of one user'],
    [budgetExhausted, 'budget exhausted'],
  ] as const;
  const parts = counts.filter(([count]) => count > 0).map(([count, reason]) => `${formatCount(count)} × ${reason}`);
  return parts.length > 0 ? parts.join(', ') : 'None';
}

/** @param pausedForMs the remaining time of a pause after a 429 from Coinflow */
export function breakerText(breaker: CoinflowAuthMetrics['upstream']['verify']['breaker'], pausedForMs = 0): string {
  if (pausedForMs > 0) return `Calls paused after a 429: ${formatDuration(pausedForMs)} left`;
  switch (breaker) {
    case 'closed':
      return 'Closed';
    case 'open':
      return 'Open for 5\u00a0s after five failures';
    case 'half-open':
      return 'Half-open: one call tests Coinflow';
  }
}

export function sharedStoreText(shared: CoinflowAuthMetrics['sharedStore']): string {
  if (!shared) return 'None: set REDIS_URL';
  const reads = `${plural(shared.hits, 'hit')}, ${plural(shared.misses, 'miss', 'misses')}`;
  if (shared.revocationsKnown === false) return `${reads}. Revocations of other replicas are unknown`;
  return shared.failures > 0 ? `${reads}, ${plural(shared.failures, 'failure')}` : reads;
}

export function skewText(skewMs: number | null): { readonly text: string; readonly isOff: boolean } {
  if (skewMs === null) return { text: 'Unknown until Coinflow responds', isOff: false };
  // The module reports a skew below one second as 0.
  const amount = formatDuration(Math.max(Math.abs(skewMs), 1_000));
  if (Math.abs(skewMs) <= MAX_SKEW_MS) return { text: `At most ${amount}`, isOff: false };
  return { text: `Coinflow is ${amount} ${skewMs > 0 ? 'ahead' : 'behind'}: synchronise the clock`, isOff: true };
}
