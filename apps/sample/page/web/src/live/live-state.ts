import { computed, signal } from '@preact/signals';
import type { CoinflowAuthMetrics } from 'nestjs-coinflow-auth';
import type { EmulatorSettings } from '../../../backend/demo-api.js';
import { readMetrics } from '../api/sample.js';
import { EMPTY_TALLY, since, tallyOf, type Tally } from './call-savings.js';
import { DecisionHistory } from './decision-history.js';
import { listenToEvents, type StreamState } from './event-stream.js';
import { SecondSeries } from './series.js';

export const streamState = signal<StreamState>('connecting');
export const metrics = signal<CoinflowAuthMetrics | undefined>(undefined);
/** The settings of the emulator; `null` if the sample uses the real Coinflow. */
export const emulator = signal<EmulatorSettings | null>(null);

/** Not a signal: hundreds of decisions a second are painted on a canvas and not rendered by components. */
export const history = new DecisionHistory();
/** Renders the components that show the history as text. */
export const decisionCount = signal(0);
export const hasNoDecisions = computed(() => decisionCount.value === 0);

export const requestsBySecond = new SecondSeries();
export const callsBySecond = new SecondSeries();
/** The latency of the requests that this page sends. */
export const latencyBySecond = new SecondSeries();

/** The counters show the difference from this tally. */
const baseline = signal<Tally | undefined>(undefined);
export const tally = computed(() => {
  const now = metrics.value && tallyOf(metrics.value);
  return now && baseline.value ? since(now, baseline.value) : EMPTY_TALLY;
});

/** Reads the metrics anew: those of the event stream may be some tenths of a second old. */
export async function resetCounters(): Promise<void> {
  const now = await readMetrics();
  if (!now) return;
  updateMetrics(now);
  baseline.value = tallyOf(now);
}

export function startListening(): void {
  listenToEvents({
    onState: (state) => (streamState.value = state),
    onDecisions: (decisions) => {
      history.add(decisions);
      for (const { at } of decisions) requestsBySecond.add(at, 1);
      decisionCount.value = history.total;
    },
    onMetrics: updateMetrics,
    onEmulator: (settings) => (emulator.value = settings),
  });
}

function updateMetrics(latest: CoinflowAuthMetrics): void {
  const before = metrics.value && tallyOf(metrics.value);
  metrics.value = latest;
  baseline.value ??= tallyOf(latest);
  const calls = before ? since(tallyOf(latest), before).verifyCalls : 0;
  if (calls > 0) callsBySecond.add(Date.now(), calls);
}
