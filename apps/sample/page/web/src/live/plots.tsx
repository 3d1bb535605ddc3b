import type { JSX } from 'preact';
import { formatCount, formatMs } from '../ui/format.js';
import { useNow } from '../ui/clock.js';
import { Plot } from '../../../../web/src/ui/plot.js';
import { callsBySecond, durationsBySecond, requestsBySecond } from './live.js';
import { median, quantile, sum } from './series.js';

/** Of a thousand requests, what the slowest hundred have in common. */
const SLOW = 0.9;

export function Plots(): JSX.Element {
  const now = useNow(1_000);
  const countOf = (values: readonly (number | null)[]): number[] => values.map((value) => value ?? 0);
  return (
    <div class="plots">
      <Plot
        title="A second"
        format={(value) => formatCount(Math.round(value))}
        lines={[
          { name: 'requests', as: 'line', values: countOf(requestsBySecond.summarise(now, sum)) },
          { name: 'calls to Coinflow', as: 'bars', values: callsBySecond.summarise(now, sum) },
        ]}
      />
      <Plot
        title="Your requests took"
        format={formatMs}
        lines={[
          { name: 'usually', as: 'line', values: durationsBySecond.summarise(now, median) },
          {
            name: 'slowest tenth from',
            as: 'faint',
            values: durationsBySecond.summarise(now, (values) => quantile(values, SLOW)),
          },
        ]}
      />
    </div>
  );
}
