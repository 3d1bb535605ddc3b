import type { CoinflowAuthMetrics, CoinflowBudgetMetrics } from 'nestjs-coinflow-auth';
import { formatCount, formatDuration, plural } from '../ui/format.js';

/** Beyond this the module warns, too. */
const SKEW_MS = 30_000;

export function budgetText({ used }: CoinflowBudgetMetrics): string {
  const counts = [
    [used.newKeys, 'new keys'],
    [used.revalidations, 'payouts'],
    [used.knownKeys, 'known keys'],
    [used.walletLogins, 'wallet logins'],
  ] as const;
  const spent = counts.filter(([count]) => count > 0).map(([count, what]) => `${formatCount(count)} for ${what}`);
  return spent.length > 0 ? spent.join(', ') : 'Nothing spent yet';
}

/** Calls that the budget has not allowed, and why. */
export function leftOutText({ exhausted, rateLimited }: CoinflowBudgetMetrics): string {
  const spent = Object.values(exhausted).reduce((total, count) => total + count, 0);
  const parts = [
    rateLimited.newKeys > 0 && `${formatCount(rateLimited.newKeys)}: invalid keys from one address`,
    rateLimited.revalidations + rateLimited.knownKeys > 0 &&
      `${formatCount(rateLimited.revalidations + rateLimited.knownKeys)}: one user asks too often`,
    rateLimited.walletLogins > 0 && `${formatCount(rateLimited.walletLogins)}: wallet logins from one address`,
    spent > 0 && `${formatCount(spent)}: none left`,
  ].filter((part) => part !== false);
  return parts.length > 0 ? parts.join(', ') : 'None';
}

export function breakerText(breaker: CoinflowAuthMetrics['upstream']['verify']['breaker']): string {
  switch (breaker) {
    case 'closed':
      return 'Is called when it must be';
    case 'open':
      return 'Failed five times: left alone for 5\u00a0s';
    case 'half-open':
      return 'One call tries whether it is back';
  }
}

export function sharedText(shared: CoinflowAuthMetrics['sharedStore']): string {
  if (!shared) return 'Nothing is shared: set REDIS_URL';
  const reads = `${plural(shared.hits, 'hit')}, ${plural(shared.misses, 'miss', 'misses')}`;
  if (shared.revocationsKnown === false) return `${reads}. Others’ revocations are not known now`;
  return shared.failures > 0 ? `${reads}, ${plural(shared.failures, 'failure')}` : reads;
}

export function skewText(skewMs: number | null): { readonly text: string; readonly isOff: boolean } {
  if (skewMs === null) return { text: 'Not known before its first answer', isOff: false };
  // The module shows a difference below one second as 0.
  const amount = formatDuration(Math.max(Math.abs(skewMs), 1_000));
  if (Math.abs(skewMs) <= SKEW_MS) return { text: `Within ${amount} of the merchant’s`, isOff: false };
  return { text: `${amount} ${skewMs > 0 ? 'ahead of' : 'behind'} the merchant’s: set the clock`, isOff: true };
}
