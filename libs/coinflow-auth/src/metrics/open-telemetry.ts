import { metrics, type Attributes, type BatchObservableCallback, type Meter } from '@opentelemetry/api';
import type { CoinflowSharedStoreMetrics } from '../cache/shared-cache.js';
import type { DecisionCounts } from './decision-log.js';
import type { CoinflowAuthMetrics } from './metrics.js';

const SCOPE = 'nestjs-coinflow-auth';
const BREAKER_STATES = { closed: 0, 'half-open': 1, open: 2 } as const;

/** An instance, as OpenTelemetry observes it. */
export interface ObservedInstance {
  /** The name of the instance; `undefined` for the unnamed one. */
  readonly name: string | undefined;
  readonly counts: DecisionCounts;
  /** Called at each export. */
  readonly read: () => CoinflowAuthMetrics;
}

type Instruments = ReturnType<typeof createInstruments>;
type Observe = (instrument: keyof Instruments, value: number, attributes?: Attributes) => void;

/**
 * Registers the metrics of an instance with OpenTelemetry. They are read at each export, so that they cost nothing per
 * request. Without an OpenTelemetry SDK nothing happens.
 * @returns a function that removes the metrics
 */
export function observeInstance({ name, counts, read }: ObservedInstance): () => void {
  const meter = metrics.getMeter(SCOPE);
  const instruments = createInstruments(meter);
  const labels: Attributes = name === undefined ? {} : { instance: name };
  const callback: BatchObservableCallback = (result) => {
    const observe: Observe = (instrument, value, attributes) => {
      result.observe(instruments[instrument], value, { ...labels, ...attributes });
    };
    observeDecisions(counts, observe);
    observeMetrics(read(), observe);
  };
  const observables = Object.values(instruments);
  meter.addBatchObservableCallback(callback, observables);
  return () => meter.removeBatchObservableCallback(callback, observables);
}

function createInstruments(meter: Meter) {
  return {
    decisions: meter.createObservableCounter('coinflow_auth.decisions', {
      description: 'Decisions about requests, by outcome and by what they came from',
    }),
    entries: meter.createObservableGauge('coinflow_auth.cache.entries', {
      description: 'Entries in the cache, by kind',
    }),
    reused: meter.createObservableCounter('coinflow_auth.session_keys.reused', {
      description: 'Session keys that were reused without a call',
    }),
    calls: meter.createObservableCounter('coinflow_auth.budget.calls', {
      description: 'Calls of Verify Token and for wallet logins, by kind and outcome',
    }),
    closed: meter.createObservableGauge('coinflow_auth.budget.closed', {
      description: 'Time until the next call of Verify Token, after Coinflow returned 429',
      unit: 's',
    }),
    sharedStore: meter.createObservableCounter('coinflow_auth.shared_store.reads', {
      description: 'Reads of the shared store, by outcome; failures include writes',
    }),
    breaker: meter.createObservableGauge('coinflow_auth.upstream.breaker', {
      description: 'The breaker of each endpoint, and of the shared store: 0 closed, 1 half-open, 2 open',
    }),
    clockSkew: meter.createObservableGauge('coinflow_auth.clock_skew', {
      description: "Coinflow's clock minus this machine's",
      unit: 's',
    }),
  };
}

function observeDecisions(counts: DecisionCounts, observe: Observe): void {
  for (const [outcome, byDecidedBy] of Object.entries(counts)) {
    for (const [decidedBy, count] of Object.entries(byDecidedBy)) {
      if (count > 0) observe('decisions', count, { outcome, decided_by: decidedBy });
    }
  }
}

function observeMetrics(
  { cache, issuance, budget, sharedStore, upstream, clockSkewMs }: CoinflowAuthMetrics,
  observe: Observe,
): void {
  for (const [kind, count] of Object.entries(cache)) observe('entries', count as number, { kind });
  observe('reused', issuance.reused);
  const { used, exhausted, rateLimited, closedForMs } = budget;
  for (const [outcome, calls] of Object.entries({ used, exhausted, 'rate-limited': rateLimited })) {
    for (const [kind, count] of Object.entries(calls)) observe('calls', count, { kind, outcome });
  }
  observe('closed', closedForMs / 1_000);
  for (const [endpoint, { breaker }] of Object.entries(upstream)) {
    observe('breaker', BREAKER_STATES[breaker], { endpoint });
  }
  if (sharedStore) observeSharedStore(sharedStore, observe);
  if (clockSkewMs !== null) observe('clockSkew', clockSkewMs / 1_000);
}

function observeSharedStore(
  { hits, misses, unreadable, failures, breaker }: CoinflowSharedStoreMetrics,
  observe: Observe,
): void {
  for (const [outcome, count] of Object.entries({ hits, misses, unreadable, failures })) {
    observe('sharedStore', count, { outcome });
  }
  observe('breaker', BREAKER_STATES[breaker], { endpoint: 'shared-store' });
}
