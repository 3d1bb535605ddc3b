import type { JSX } from 'preact';
import type { CoinflowAuthMetrics } from 'nestjs-coinflow-auth';
import { plural } from '../ui/format.js';
import { metrics } from './live-state.js';
import { blockedCallsText, breakerText, budgetText, sharedStoreText, skewText } from './metric-texts.js';

/** The metrics of the module since startup. */
export function ModuleMetrics(): JSX.Element {
  const latest = metrics.value;
  return (
    <div class="module-metrics">
      <h3>Module metrics since startup</h3>
      {latest ? <Facts latest={latest} /> : <p class="empty">Waiting for the event stream.</p>}
    </div>
  );
}

function Facts({ latest }: { readonly latest: CoinflowAuthMetrics }): JSX.Element {
  const { budget, cache, issuance, upstream } = latest;
  const skew = skewText(latest.clockSkewMs);
  return (
    <dl class="facts">
      <Fact name="Budget used (calls)">{budgetText(budget)}</Fact>
      <Fact name="Calls blocked by the budget">{blockedCallsText(budget)}</Fact>
      <Fact name="Circuit breaker" isProblem={upstream.verify.breaker !== 'closed' || budget.closedForMs > 0}>
        {breakerText(upstream.verify.breaker, budget.closedForMs)}
      </Fact>
      <Fact name="Cache">
        {plural(cache.sessions, 'session')}, {plural(cache.rejected, 'rejected key')},{' '}
        {plural(cache.revokedKeys, 'revoked key')}
      </Fact>
      <Fact name="Session keys">
        {plural(upstream.sessionKey.attempts, 'call')} to create, {plural(issuance.reused, 'key')} reused
      </Fact>
      <Fact name="Shared store" isProblem={latest.sharedStore?.revocationsKnown === false}>
        {sharedStoreText(latest.sharedStore)}
      </Fact>
      <Fact name="Clock skew" isProblem={skew.isOff}>
        {skew.text}
      </Fact>
    </dl>
  );
}

interface FactProps {
  readonly name: string;
  readonly isProblem?: boolean;
  readonly children: JSX.Element | string | (JSX.Element | string | number)[];
}

function Fact({ name, isProblem = false, children }: FactProps): JSX.Element {
  return (
    <div class={`fact ${isProblem ? 'is-problem' : ''}`}>
      <dt>{name}</dt>
      <dd class="figures">{children}</dd>
    </div>
  );
}
