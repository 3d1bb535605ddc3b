import { computed, signal } from '@preact/signals';
import type { CoinflowAuthMetrics } from 'nestjs-coinflow-auth';
import type { DemoCoinflow } from '../../../backend/demo-api.js';
import { readFigures } from '../api/sample.js';
import { DecisionHistory } from './decision-history.js';
import { listenToEvents, type StreamState } from './event-stream.js';
import { NOTHING, since, tallyOf, type Tally } from './savings.js';
import { SecondSeries } from './series.js';

export const streamState = signal<StreamState>('connecting');
export const figures = signal<CoinflowAuthMetrics | undefined>(undefined);
/** How the emulator is set; `null` where Coinflow is the real one. */
export const coinflow = signal<DemoCoinflow | null>(null);

/** Not in a signal: it grows by hundreds a second, and is painted, not rendered. */
export const history = new DecisionHistory();
/** Grows with the history, for what shows it in words. */
export const decisionsSeen = signal(0);
export const isQuiet = computed(() => decisionsSeen.value === 0);

export const requestsBySecond = new SecondSeries();
export const callsBySecond = new SecondSeries();
/** What this page's own requests took. */
export const durationsBySecond = new SecondSeries();

/** What the large numbers count from. */
const baseline = signal<Tally | undefined>(undefined);
export const tally = computed(() => {
  const now = figures.value && tallyOf(figures.value);
  return now && baseline.value ? since(now, baseline.value) : NOTHING;
});

/** From this moment on: what the stream has told may be some tenths of a second old. */
export async function countFromZero(): Promise<void> {
  const now = await readFigures();
  if (!now) return;
  takeFigures(now);
  baseline.value = tallyOf(now);
}

export function startListening(): void {
  listenToEvents({
    onState: (state) => (streamState.value = state),
    onDecisions: (decisions) => {
      history.add(decisions);
      for (const { at } of decisions) requestsBySecond.add(at, 1);
      decisionsSeen.value = history.total;
    },
    onFigures: takeFigures,
    onCoinflow: (settings) => (coinflow.value = settings),
  });
}

function takeFigures(latest: CoinflowAuthMetrics): void {
  const before = figures.value && tallyOf(figures.value);
  figures.value = latest;
  baseline.value ??= tallyOf(latest);
  const calls = before ? since(tallyOf(latest), before).verifications : 0;
  if (calls > 0) callsBySecond.add(Date.now(), calls);
}
