import { metrics, type Attributes, type Observable } from '@opentelemetry/api';
import type { CoinflowBudgetMetrics } from '../budget/budget-statistics.js';
import type { CoinflowAuthMetrics } from './metrics.js';
import type { DecisionCounts } from './decision-log.js';

const SCOPE = 'nestjs-coinflow-auth';
const BREAKER_STATES = { closed: 0, 'half-open': 1, open: 2 } as const;

/** What is read when a reader of OpenTelemetry asks. */
export interface ObservedInstance {
  /** The instance's name; none of the unnamed one. */
  readonly name: string | undefined;
  readonly counts: DecisionCounts;
  readonly read: () => CoinflowAuthMetrics;
}

/**
 * Registers the instance's metrics with OpenTelemetry; without an SDK it does nothing. They are read when they are exported, so
 * that a request costs nothing more.
 * @returns what ends it
 */
export function observeInstance({ name, counts, read }: ObservedInstance): () => void {
  const meter = metrics.getMeter(SCOPE);
  const labels: Attributes = name === undefined ? {} : { instance: name };
  const decisions = meter.createObservableCounter('coinflow_auth.decisions', {
    description: 'Decisions about requests, by outcome and by what decided',
  });
  const entries = meter.createObservableGauge('coinflow_auth.cache.entries', {
    description: 'Entries in the cache, by kind',
  });
  const reused = meter.createObservableCounter('coinflow_auth.session_keys.reused', {
    description: 'Session keys that were reused without a call',
  });
  const calls = meter.createObservableCounter('coinflow_auth.budget.calls', {
    description: 'Calls of Verify Token and for wallet logins, by kind and outcome',
  });
  const closed = meter.createObservableGauge('coinflow_auth.budget.closed', {
    description: 'For how long no call is made, since Coinflow has answered 429',
    unit: 's',
  });
  const shared = meter.createObservableCounter('coinflow_auth.shared_store.reads', {
    description: 'Reads of the shared store, by outcome; failures include writes',
  });
  const breaker = meter.createObservableGauge('coinflow_auth.upstream.breaker', {
    description: 'The breaker of each endpoint, and of the shared store: 0 closed, 1 half-open, 2 open',
  });
  const skew = meter.createObservableGauge('coinflow_auth.clock_skew', {
    description: "Coinflow's clock minus this machine's",
    unit: 's',
  });
  const observables: Observable[] = [decisions, entries, reused, calls, closed, shared, breaker, skew];
  const observe: Parameters<typeof meter.addBatchObservableCallback>[0] = (result) => {
    const { cache, issuance, budget, sharedStore, upstream, clockSkewMs } = read();
    for (const [outcome, byDecidedBy] of Object.entries(counts)) {
      for (const [decidedBy, count] of Object.entries(byDecidedBy)) {
        if (count > 0) result.observe(decisions, count, { ...labels, outcome, decided_by: decidedBy });
      }
    }
    for (const [kind, count] of Object.entries(cache)) result.observe(entries, count as number, { ...labels, kind });
    result.observe(reused, issuance.reused, labels);
    observeCalls(budget, (count, kind, outcome) => result.observe(calls, count, { ...labels, kind, outcome }));
    result.observe(closed, budget.closedForMs / 1_000, labels);
    for (const [endpoint, { breaker: state }] of Object.entries(upstream)) {
      result.observe(breaker, BREAKER_STATES[state], { ...labels, endpoint });
    }
    if (sharedStore) {
      const { hits, misses, unreadable, failures, breaker: state } = sharedStore;
      for (const [outcome, count] of Object.entries({ hits, misses, unreadable, failures })) {
        result.observe(shared, count, { ...labels, outcome });
      }
      result.observe(breaker, BREAKER_STATES[state], { ...labels, endpoint: 'shared-store' });
    }
    if (clockSkewMs !== null) result.observe(skew, clockSkewMs / 1_000, labels);
  };
  meter.addBatchObservableCallback(observe, observables);
  return () => meter.removeBatchObservableCallback(observe, observables);
}

function observeCalls(
  { used, exhausted, rateLimited }: CoinflowBudgetMetrics,
  observe: (count: number, kind: string, outcome: string) => void,
): void {
  for (const [outcome, calls] of Object.entries({ used, exhausted, 'rate-limited': rateLimited })) {
    for (const [kind, count] of Object.entries(calls)) observe(count, kind, outcome);
  }
}
