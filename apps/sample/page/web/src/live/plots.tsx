import type { JSX } from 'preact';
import { formatCount, formatMs } from '../ui/format.js';
import { useNow } from '../ui/timers.js';
import { callsBySecond, latencyBySecond, requestsBySecond } from './live-state.js';
import { linePath, median, quantile, roundUp, sum } from './series.js';

const WIDTH = 360;
const HEIGHT = 72;

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

interface PlotLine {
  readonly name: string;
  readonly values: readonly (number | null)[];
  /** `bars` have the colour of Coinflow calls and stay visible when there are few. */
  readonly as: 'line' | 'faint' | 'bars';
}

interface PlotProps {
  readonly title: string;
  readonly lines: readonly PlotLine[];
  readonly format: (value: number) => string;
}

/** A line chart of the last minute. Its label names the peaks for screen readers. */
function Plot({ title, lines, format }: PlotProps): JSX.Element {
  const highest = Math.max(0, ...lines.flatMap(({ values }) => values.map((value) => value ?? 0)));
  const top = roundUp(highest);
  const peaks = lines.map(({ name, values }) => `${name}: ${format(Math.max(0, ...values.map((v) => v ?? 0)))} peak`);
  return (
    <figure class="plot">
      <figcaption>
        <span class="plot-title">{title}</span>
        <span class="plot-keys">
          {lines.map(({ name, as }) => (
            <span key={name} class={`plot-key as-${as}`}>
              {name}
            </span>
          ))}
        </span>
      </figcaption>
      <div class="plot-box">
        {highest > 0 && <span class="plot-top">{format(top)}</span>}
        <svg
          viewBox={`0 -4 ${WIDTH} ${HEIGHT + 8}`}
          preserveAspectRatio="none"
          role="img"
          aria-label={`${title}, last minute. ${peaks.join('; ')}`}
        >
          <path class="plot-axis" d={`M0 0H${WIDTH}M0 ${HEIGHT}H${WIDTH}`} />
          {lines.map(({ name, values, as }) => (
            <path
              key={name}
              class={`plot-${as}`}
              d={as === 'bars' ? barsPath(values, top) : linePath(values, top, WIDTH, HEIGHT)}
            />
          ))}
        </svg>
        <span class="plot-from">1 min ago</span>
        <span class="plot-now">now</span>
      </div>
    </figure>
  );
}

function barsPath(values: readonly (number | null)[], top: number): string {
  const step = WIDTH / Math.max(1, values.length - 1);
  const bar = (value: number, i: number): string =>
    `M${(i * step).toFixed(1)} ${HEIGHT}v${((-value / top) * HEIGHT).toFixed(1)}`;
  return values.map((value, i) => (value ? bar(value, i) : '')).join('');
}
