import type { JSX } from 'preact';
import { formatCount, formatMs } from '../ui/format.js';
import { useNow } from '../ui/timers.js';
import { Plot } from '../ui/plot.js';
import { callsBySecond, latencyBySecond, requestsBySecond } from './live-state.js';
import { median, quantile, sum } from './series.js';

export function Plots(): JSX.Element {
  const now = useNow(1_000);
  const countOf = (values: readonly (number | null)[]): number[] => values.map((value) => value ?? 0);
  return (
    <div class="plots">
      <Plot
        title="Requests per second"
        format={(value) => formatCount(Math.round(value))}
        lines={[
          { name: 'requests', as: 'line', values: countOf(requestsBySecond.summarise(now, sum)) },
          { name: 'Coinflow calls', as: 'bars', values: callsBySecond.summarise(now, sum) },
        ]}
      />
      <Plot
        title="Latency of your requests"
        format={formatMs}
        lines={[
          { name: 'p50', as: 'line', values: latencyBySecond.summarise(now, median) },
          {
            name: 'p90',
            as: 'faint',
            values: latencyBySecond.summarise(now, (values) => quantile(values, 0.9)),
          },
        ]}
      />
    </div>
  );
}
