import type { DemoDecision } from '../../../backend/demo-api.js';
import { formatClock, subjectName } from '../ui/format.js';
import { BASES, BASIS_ORDER, FATES, basisOf, fateOf, type Basis, type Fate } from './decision-kinds.js';

/** How many decisions are kept: more than a minute of them cannot be told apart on a screen. */
const MAX_KEPT = 12_000;

/** One decision, as it is painted. */
export interface Mark {
  readonly at: number;
  readonly basis: Basis;
  readonly fate: Fate;
}

/** The decisions that were told of, oldest first. */
export class DecisionHistory {
  #decisions: DemoDecision[] = [];
  #marks: Mark[] = [];
  #total = 0;

  /** How many there were since the page was opened. */
  get total(): number {
    return this.#total;
  }

  add(decisions: readonly DemoDecision[]): void {
    this.#total += decisions.length;
    this.#decisions.push(...decisions.slice(-MAX_KEPT));
    for (const { at, decidedBy, outcome } of decisions.slice(-MAX_KEPT)) {
      this.#marks.push({ at, basis: basisOf(decidedBy, outcome), fate: fateOf(outcome) });
    }
    const surplus = this.#marks.length - MAX_KEPT;
    if (surplus > 0) {
      this.#decisions = this.#decisions.slice(surplus);
      this.#marks = this.#marks.slice(surplus);
    }
  }

  latest(count: number): readonly DemoDecision[] {
    return this.#decisions.slice(-count);
  }

  /** The one before which there were so many, if it is still kept. */
  numbered(number: number): DemoDecision | undefined {
    return this.#decisions[number - (this.#total - this.#decisions.length)];
  }

  latestMarks(count: number): readonly Mark[] {
    return this.#marks.slice(-count);
  }

  /** Those from a time on; it is searched from the end, since what is shown is new. */
  marksSince(at: number): readonly Mark[] {
    let first = this.#marks.length;
    while (first > 0 && (this.#marks[first - 1]?.at ?? 0) >= at) first -= 1;
    return this.#marks.slice(first);
  }
}

export function countByBasis(marks: readonly Mark[]): Readonly<Record<Basis, number>> {
  const counts: Record<Basis, number> = { tag: 0, memory: 0, itself: 0, budget: 0, 'shared-call': 0, call: 0, away: 0 };
  for (const { basis } of marks) counts[basis] += 1;
  return counts;
}

/** In words, for whoever does not see the picture. */
export function describeMarks(marks: readonly Mark[]): string {
  const counts = countByBasis(marks);
  const parts = BASIS_ORDER.filter((basis) => counts[basis] > 0).map(
    (basis) => `${BASES[basis].name}: ${counts[basis]}`,
  );
  return parts.length > 0 ? parts.join(', ') : 'nothing yet';
}

/** All of one decision, in words. */
export function describeDecision({ at, handler, subject, outcome, decidedBy, code }: DemoDecision): string {
  const { name, meaning } = BASES[basisOf(decidedBy, outcome)];
  const who = [formatClock(at), handler, subject && subjectName(subject)].filter(Boolean).join(', ');
  return `${who}: ${FATES[fateOf(outcome)]}${code ? `, ${code}` : ''}. ${name}: ${meaning}`;
}
