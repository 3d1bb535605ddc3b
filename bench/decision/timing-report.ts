import type { Timing } from '../measuring/batches.js';
import type { Report } from '../measuring/report.js';
import { ratios, spreadOf } from '../measuring/statistics.js';

const NS_PER_US = 1_000;

/** Times and their ratios to the first case, batch by batch. */
export function toTimingReport(title: string, timings: readonly Timing[], notes: readonly string[]): Report {
  return {
    title,
    columns: [
      { key: 'what', title: 'what' },
      { key: 'us', title: 'µs each', digits: 2 },
      { key: 'ratio', title: 'ratio to the first', digits: 2 },
    ],
    rows: timings.map(({ name, ns, nsOfEachBatch }) => ({
      what: name,
      us: { median: ns.median / NS_PER_US, low: ns.low / NS_PER_US, high: ns.high / NS_PER_US },
      ratio: spreadOf(ratios(nsOfEachBatch, timings[0]?.nsOfEachBatch ?? [])),
    })),
    notes,
  };
}
