import type { DemoDecision } from '../../../backend/demo-api.js';
import { formatClock, subjectName } from '../ui/format.js';
import {
  GROUPS,
  GROUP_ORDER,
  OUTCOMES,
  groupOf,
  outcomeGroupOf,
  type DecisionGroup,
  type OutcomeGroup,
} from './decision-groups.js';

const MAX_DECISIONS = 12_000;

/** The part of a decision that the charts paint. */
export interface Mark {
  readonly at: number;
  readonly group: DecisionGroup;
  readonly outcome: OutcomeGroup;
}

/** The last decisions, oldest first. */
export class DecisionHistory {
  #decisions: DemoDecision[] = [];
  #marks: Mark[] = [];
  #total = 0;

  /** The number of decisions since the page was opened. */
  get total(): number {
    return this.#total;
  }

  add(decisions: readonly DemoDecision[]): void {
    this.#total += decisions.length;
    this.#decisions.push(...decisions.slice(-MAX_DECISIONS));
    for (const { at, decidedBy, outcome } of decisions.slice(-MAX_DECISIONS)) {
      this.#marks.push({ at, group: groupOf(decidedBy, outcome), outcome: outcomeGroupOf(outcome) });
    }
    const surplus = this.#marks.length - MAX_DECISIONS;
    if (surplus > 0) {
      this.#decisions = this.#decisions.slice(surplus);
      this.#marks = this.#marks.slice(surplus);
    }
  }

  latest(count: number): readonly DemoDecision[] {
    return this.#decisions.slice(-count);
  }

  /** The decision with this index, counted from the first one; `undefined` if it is no longer stored. */
  at(index: number): DemoDecision | undefined {
    return this.#decisions[index - (this.#total - this.#decisions.length)];
  }

  latestMarks(count: number): readonly Mark[] {
    return this.#marks.slice(-count);
  }

  /** Searches from the end, because the charts show the newest marks. */
  marksSince(at: number): readonly Mark[] {
    let first = this.#marks.length;
    while (first > 0 && (this.#marks[first - 1]?.at ?? 0) >= at) first -= 1;
    return this.#marks.slice(first);
  }
}

export function countByGroup(marks: readonly Mark[]): Readonly<Record<DecisionGroup, number>> {
  const counts: Record<DecisionGroup, number> = {
    attestation: 0,
    cache: 0,
    claims: 0,
    budget: 0,
    coalesced: 0,
    coinflow: 0,
    unavailable: 0,
  };
  for (const { group } of marks) counts[group] += 1;
  return counts;
}

/** The text alternative of a chart. */
export function describeMarks(marks: readonly Mark[]): string {
  const counts = countByGroup(marks);
  const parts = GROUP_ORDER.filter((group) => counts[group] > 0).map(
    (group) => `${GROUPS[group].name}: ${counts[group]}`,
  );
  return parts.length > 0 ? parts.join(', ') : 'none yet';
}

/** One decision as a sentence. */
export function describeDecision({ at, handler, subject, outcome, decidedBy, code }: DemoDecision): string {
  const { name, meaning } = GROUPS[groupOf(decidedBy, outcome)];
  const request = [formatClock(at), handler, subject && subjectName(subject)].filter(Boolean).join(', ');
  return `${request}: ${OUTCOMES[outcome]}${code ? `, ${code}` : ''}. ${name}: ${meaning}`;
}
