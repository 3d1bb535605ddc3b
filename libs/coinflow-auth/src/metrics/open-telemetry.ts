import { metrics, type Attributes, type Observable } from '@opentelemetry/api';
import type { CoinflowBudgetMetrics } from '../budget/budget-statistics.js';
import type { CoinflowAuthMetrics } from './coinflow-auth-metrics.js';
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
 * Shows an instance's figures to OpenTelemetry; without an SDK that does nothing. They are read when they are exported, so
 * that a request costs nothing more.
 * @returns what ends it
 */
export function observeInstance({ name, counts, read }: ObservedInstance): () => void {
  const meter = metrics.getMeter(SCOPE);
  const labels: Attributes = name === undefined ? {} : { instance: name };
  const decisions = meter.createObservableCounter('coinflow_auth.decisions', {
    description: 'Decisions about requests, by what became of them and what that rests on',
  });
  const entries = meter.createObservableGauge('coinflow_auth.memory.entries', {
    description: 'Entries in memory, by kind',
  });
  const reused = meter.createObservableCounter('coinflow_auth.session_keys.reused', {
    description: 'Session keys that were handed out again without a call',
  });
  const calls = meter.createObservableCounter('coinflow_auth.budget.calls', {
    description:
      'Calls that were needed of Verify Token and for wallet logins, by kind and by what the budget did with them',
  });
  const closed = meter.createObservableGauge('coinflow_auth.budget.closed', {
    description: 'For how long nothing is asked, since Coinflow has answered 429',
    unit: 's',
  });
  const shared = meter.createObservableCounter('coinflow_auth.shared_memory.reads', {
    description: 'Reads of the store that instances share, by what they came to; failures are writes, too',
  });
  const breaker = meter.createObservableGauge('coinflow_auth.upstream.breaker', {
    description: 'The breaker of each endpoint, and of the shared store: 0 closed, 1 half-open, 2 open',
  });
  const skew = meter.createObservableGauge('coinflow_auth.clock_skew', {
    description: 'Coinflow’s clock minus this machine’s',
    unit: 's',
  });
  const observables: Observable[] = [decisions, entries, reused, calls, closed, shared, breaker, skew];
  const observe: Parameters<typeof meter.addBatchObservableCallback>[0] = (result) => {
    const { memory, minting, budget, sharedMemory, upstream, clockSkewMs } = read();
    for (const [outcome, bySource] of Object.entries(counts)) {
      for (const [source, count] of Object.entries(bySource)) {
        if (count > 0) result.observe(decisions, count, { ...labels, outcome, source });
      }
    }
    for (const [kind, count] of Object.entries(memory)) result.observe(entries, count as number, { ...labels, kind });
    result.observe(reused, minting.reused, labels);
    observeCalls(budget, (count, kind, outcome) => result.observe(calls, count, { ...labels, kind, outcome }));
    result.observe(closed, budget.closedForMs / 1_000, labels);
    for (const [endpoint, { breaker: state }] of Object.entries(upstream)) {
      result.observe(breaker, BREAKER_STATES[state], { ...labels, endpoint });
    }
    if (sharedMemory) {
      const { hits, misses, unreadable, failures, breaker: state } = sharedMemory;
      for (const [outcome, count] of Object.entries({ hits, misses, unreadable, failures })) {
        result.observe(shared, count, { ...labels, outcome });
      }
      result.observe(breaker, BREAKER_STATES[state], { ...labels, endpoint: 'shared-memory' });
    }
    if (clockSkewMs !== null) result.observe(skew, clockSkewMs / 1_000, labels);
  };
  meter.addBatchObservableCallback(observe, observables);
  return () => meter.removeBatchObservableCallback(observe, observables);
}

function observeCalls(
  { used, refused, limited }: CoinflowBudgetMetrics,
  observe: (count: number, kind: string, outcome: string) => void,
): void {
  for (const [outcome, calls] of Object.entries({ used, refused, limited })) {
    for (const [kind, count] of Object.entries(calls)) observe(count, kind, outcome);
  }
}
