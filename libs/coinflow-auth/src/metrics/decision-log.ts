import type { AnyCoinflowAuthError } from '../errors/coinflow-auth.errors.js';
import { statusOf } from '../errors/client-answer.js';
import type { CoinflowAuthErrorCode } from '../errors/error-statuses.js';
import type { CoinflowSession } from '../session/coinflow-session.js';
import { OnceLogger } from '../util/once-logger.js';
import { DECIDED_BY, type CoinflowDecidedBy } from '../verification/verification-result.js';
import type { CoinflowDecisionMetrics } from './metrics.js';
import {
  DECISION_OUTCOMES,
  type CoinflowDecision,
  type CoinflowDecisionListener,
  type CoinflowDecisionOutcome,
} from './coinflow-decision.js';

/** The number of decisions, by outcome and by what decided. */
export type DecisionCounts = Record<CoinflowDecisionOutcome, Record<CoinflowDecidedBy, number>>;

const OUTCOME_OF_STATUS: Readonly<Record<number, CoinflowDecisionOutcome>> = {
  401: 'unauthenticated',
  403: 'forbidden',
  429: 'rate-limited',
  500: 'misconfigured',
  503: 'unavailable',
};

/** Counts decisions, and calls the listeners of `onDecision()` for each. */
export class DecisionLog {
  readonly counts: DecisionCounts = countersFor(DECISION_OUTCOMES, () => countersFor(DECIDED_BY, () => 0));

  readonly #codes = new Map<CoinflowAuthErrorCode, number>();
  readonly #instance: string | undefined;
  readonly #log = new OnceLogger();
  readonly #listeners = new Set<CoinflowDecisionListener>();

  constructor(instance: string | undefined) {
    this.#instance = instance;
  }

  /** @returns a function that removes the listener */
  listen(listener: CoinflowDecisionListener): () => void {
    // A new function, so that a listener that is added twice is called twice, and removed one at a time.
    const entry: CoinflowDecisionListener = (decision) => listener(decision);
    this.#listeners.add(entry);
    return () => void this.#listeners.delete(entry);
  }

  accepted(decidedBy: CoinflowDecidedBy, session: CoinflowSession | undefined, handler?: string): void {
    const outcome = session ? 'authenticated' : 'anonymous';
    this.counts[outcome][decidedBy] += 1;
    if (this.#listeners.size > 0) this.#notify(outcome, decidedBy, session, undefined, handler);
  }

  rejected(decidedBy: CoinflowDecidedBy, error: AnyCoinflowAuthError, handler?: string): void {
    const outcome = OUTCOME_OF_STATUS[statusOf(error)] ?? 'unauthenticated';
    this.counts[outcome][decidedBy] += 1;
    this.#codes.set(error.code, (this.#codes.get(error.code) ?? 0) + 1);
    if (this.#listeners.size > 0) this.#notify(outcome, decidedBy, undefined, error, handler);
  }

  summary(): CoinflowDecisionMetrics {
    const byOutcome = countersFor(DECISION_OUTCOMES, (outcome) => sum(Object.values(this.counts[outcome])));
    const byDecidedBy = countersFor(DECIDED_BY, (decidedBy) =>
      sum(DECISION_OUTCOMES.map((o) => this.counts[o][decidedBy])),
    );
    return { total: sum(Object.values(byOutcome)), byOutcome, byDecidedBy, byCode: Object.fromEntries(this.#codes) };
  }

  #notify(
    outcome: CoinflowDecisionOutcome,
    decidedBy: CoinflowDecidedBy,
    session: CoinflowSession | undefined,
    error: AnyCoinflowAuthError | undefined,
    handler: string | undefined,
  ): void {
    const subject = session?.subject ?? null;
    const decision: CoinflowDecision = Object.freeze({
      outcome,
      decidedBy,
      subject,
      error,
      handler,
      instance: this.#instance,
    });
    for (const listener of this.#listeners) void this.#notifyOne(listener, decision);
  }

  /** Async, so that the rejection of an async listener is caught as well. The listener itself is called synchronously. */
  async #notifyOne(listener: CoinflowDecisionListener, decision: CoinflowDecision): Promise<void> {
    try {
      await listener(decision);
    } catch {
      // Without the message of the error, which may contain secrets of the application.
      this.#log.error('A listener of onDecision() throws; the requests are not affected');
    }
  }
}

function countersFor<Name extends string, Value>(
  names: readonly Name[],
  value: (name: Name) => Value,
): Record<Name, Value> {
  return Object.fromEntries(names.map((name) => [name, value(name)])) as Record<Name, Value>;
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
