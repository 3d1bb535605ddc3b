import type { JSX } from 'preact';
import type { CoinflowAuthMetrics } from 'nestjs-coinflow-auth';
import { formatDuration, plural } from '../ui/format.js';
import { breakerText, budgetText, leftOutText, sharedText, skewText } from './figure-texts.js';
import { figures } from './live.js';

/** What the merchant's module says of itself: its budget of calls, what instances share, Coinflow's clock. */
export function BehindIt(): JSX.Element {
  const latest = figures.value;
  return (
    <div class="behind">
      <h3>Behind it, since the sample started</h3>
      {latest ? <Facts latest={latest} /> : <p class="empty">The figures come with the event stream.</p>}
    </div>
  );
}

function Facts({ latest }: { readonly latest: CoinflowAuthMetrics }): JSX.Element {
  const { budget, cache, issuance, upstream } = latest;
  const skew = skewText(latest.clockSkewMs);
  return (
    <dl class="facts">
      <Fact name="Budget of calls">{budgetText(budget)}</Fact>
      <Fact name="Calls not made">{leftOutText(budget)}</Fact>
      <Fact name="Verify Token" isTrouble={upstream.verify.breaker !== 'closed' || budget.closedForMs > 0}>
        {budget.closedForMs > 0
          ? `Coinflow said 429: left alone for ${formatDuration(budget.closedForMs)}`
          : breakerText(upstream.verify.breaker)}
      </Fact>
      <Fact name="Memory">
        {plural(cache.sessions, 'session')}, {plural(cache.rejected, 'rejected key')}, {cache.revokedKeys} revoked
      </Fact>
      <Fact name="Logins">
        {plural(upstream.sessionKey.attempts, 'call')}, {plural(issuance.reused, 'key')} reused
      </Fact>
      <Fact name="Between instances" isTrouble={latest.sharedStore?.revocationsKnown === false}>
        {sharedText(latest.sharedStore)}
      </Fact>
      <Fact name="Coinflow’s clock" isTrouble={skew.isOff}>
        {skew.text}
      </Fact>
    </dl>
  );
}

interface FactProps {
  readonly name: string;
  readonly isTrouble?: boolean;
  readonly children: JSX.Element | string | (JSX.Element | string | number)[];
}

function Fact({ name, isTrouble = false, children }: FactProps): JSX.Element {
  return (
    <div class={`fact ${isTrouble ? 'is-trouble' : ''}`}>
      <dt>{name}</dt>
      <dd class="figures">{children}</dd>
    </div>
  );
}
