import {
  metrics,
  type Attributes,
  type BatchObservableCallback,
  type Meter,
  type MetricOptions,
  type Observable,
} from '@opentelemetry/api';
import { BUDGETED_CALLS } from '../budget/budget-statistics.js';
import type { CoinflowSharedStoreMetrics } from '../cache/shared-cache.js';
import { ENDPOINTS } from '../http/telemetry.js';
import type { AttributesOf, Instrument } from '../util/instrument.js';
import { DECIDED_BY } from '../verification/verification-result.js';
import { DECISION_OUTCOMES } from './coinflow-decision.js';
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

/** The instruments that are read at each export. A named instance adds the attribute `instance`. */
export const OBSERVED_INSTRUMENTS = {
  decisions: {
    name: 'coinflow_auth.decisions',
    type: 'counter',
    description: 'Decisions about requests, by outcome and by what they came from',
    attributes: { outcome: DECISION_OUTCOMES, decided_by: DECIDED_BY },
  },
  entries: {
    name: 'coinflow_auth.cache.entries',
    type: 'gauge',
    description: 'Entries in the cache, by kind',
    attributes: { kind: ['sessions', 'invalidated', 'rejected', 'revokedKeys', 'revokedSubjects'] },
  },
  reused: {
    name: 'coinflow_auth.session_keys.reused',
    type: 'counter',
    description: 'Session keys that were reused without a call',
    attributes: {},
  },
  calls: {
    name: 'coinflow_auth.budget.calls',
    type: 'counter',
    description: 'Calls of Verify Token, of wallet logins, and of CoinflowApi without the API key, by kind and outcome',
    attributes: { kind: BUDGETED_CALLS, outcome: ['used', 'exhausted', 'rate-limited'] },
  },
  closed: {
    name: 'coinflow_auth.budget.closed',
    type: 'gauge',
    description: 'Time until the next call of Verify Token, after Coinflow returned 429',
    unit: 's',
    attributes: {},
  },
  sharedStore: {
    name: 'coinflow_auth.shared_store.reads',
    type: 'counter',
    description: 'Reads of the shared store, by outcome; failures include writes',
    attributes: { outcome: ['hits', 'misses', 'unreadable', 'failures'] },
  },
  breaker: {
    name: 'coinflow_auth.upstream.breaker',
    type: 'gauge',
    description: 'The breaker of each endpoint, and of the shared store: 0 closed, 1 half-open, 2 open',
    attributes: { endpoint: [...ENDPOINTS, 'shared-store'] },
  },
  clockSkew: {
    name: 'coinflow_auth.clock_skew',
    type: 'gauge',
    description: "Coinflow's clock minus this machine's",
    unit: 's',
    attributes: {},
  },
} as const satisfies Record<string, Instrument>;

type InstrumentName = keyof typeof OBSERVED_INSTRUMENTS;
type Observe = <Name extends InstrumentName>(
  instrument: Name,
  value: number,
  attributes: AttributesOf<(typeof OBSERVED_INSTRUMENTS)[Name]>,
) => void;

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
    const observe: Observe = (name, value, attributes) => {
      result.observe(instruments[name], value, { ...labels, ...attributes });
    };
    observeDecisions(counts, observe);
    observeMetrics(read(), observe);
  };
  const observables = Object.values(instruments);
  meter.addBatchObservableCallback(callback, observables);
  return () => meter.removeBatchObservableCallback(callback, observables);
}

function createInstruments(meter: Meter): Record<InstrumentName, Observable> {
  const create = ({ name, type, ...instrument }: Instrument): Observable => {
    const { description, unit } = instrument;
    const options: MetricOptions = { description, ...(unit && { unit }) };
    return type === 'counter'
      ? meter.createObservableCounter(name, options)
      : meter.createObservableGauge(name, options);
  };
  return Object.fromEntries(
    Object.entries(OBSERVED_INSTRUMENTS).map(([name, instrument]) => [name, create(instrument)]),
  ) as Record<InstrumentName, Observable>;
}

function observeDecisions(counts: DecisionCounts, observe: Observe): void {
  const { outcome: outcomes, decided_by: sources } = OBSERVED_INSTRUMENTS.decisions.attributes;
  for (const outcome of outcomes) {
    for (const decidedBy of sources) {
      const count = counts[outcome][decidedBy];
      if (count > 0) observe('decisions', count, { outcome, decided_by: decidedBy });
    }
  }
}

function observeMetrics(
  { cache, issuance, budget, sharedStore, upstream, clockSkewMs }: CoinflowAuthMetrics,
  observe: Observe,
): void {
  for (const kind of OBSERVED_INSTRUMENTS.entries.attributes.kind) observe('entries', cache[kind], { kind });
  observe('reused', issuance.reused, {});
  const { used, exhausted, rateLimited, closedForMs } = budget;
  const calls = { used, exhausted, 'rate-limited': rateLimited };
  for (const outcome of OBSERVED_INSTRUMENTS.calls.attributes.outcome) {
    for (const kind of BUDGETED_CALLS) observe('calls', calls[outcome][kind], { kind, outcome });
  }
  observe('closed', closedForMs / 1_000, {});
  for (const endpoint of ENDPOINTS) observe('breaker', BREAKER_STATES[upstream[endpoint].breaker], { endpoint });
  if (sharedStore) observeSharedStore(sharedStore, observe);
  if (clockSkewMs !== null) observe('clockSkew', clockSkewMs / 1_000, {});
}

function observeSharedStore(sharedStore: CoinflowSharedStoreMetrics, observe: Observe): void {
  for (const outcome of OBSERVED_INSTRUMENTS.sharedStore.attributes.outcome) {
    observe('sharedStore', sharedStore[outcome], { outcome });
  }
  observe('breaker', BREAKER_STATES[sharedStore.breaker], { endpoint: 'shared-store' });
}
