import type { Answer } from '../api/answer.js';
import { fateOfStatus, type Fate } from '../live/decision-kinds.js';
import { median } from '../live/series.js';

const SHOWN = 60;
const MEASURED = 20;

/** What became of somebody's requests, one after the other. */
export interface Visits {
  readonly count: number;
  readonly letIn: number;
  /** Of the last ones, oldest first. */
  readonly fates: readonly Fate[];
  readonly durationsMs: readonly number[];
  /** The last answer that was not “let in”. */
  readonly trouble: { readonly status: number; readonly code: string | undefined } | undefined;
  /** How many were answered with each status. */
  readonly byStatus: Readonly<Record<number, number>>;
}

export const NO_VISITS: Visits = { count: 0, letIn: 0, fates: [], durationsMs: [], trouble: undefined, byStatus: {} };

export function withVisit(visits: Visits, { status, code, durationMs }: Answer): Visits {
  const fate = fateOfStatus(status);
  return {
    count: visits.count + 1,
    letIn: visits.letIn + (fate === 'let-in' ? 1 : 0),
    fates: [...visits.fates, fate].slice(-SHOWN),
    durationsMs: [...visits.durationsMs, durationMs].slice(-MEASURED),
    trouble: fate === 'let-in' ? visits.trouble : { status, code },
    byStatus: { ...visits.byStatus, [status]: (visits.byStatus[status] ?? 0) + 1 },
  };
}

/** What the last ones usually took; `undefined` before the first. */
export function usualMs({ durationsMs }: Visits): number | undefined {
  return durationsMs.length > 0 ? median(durationsMs) : undefined;
}
