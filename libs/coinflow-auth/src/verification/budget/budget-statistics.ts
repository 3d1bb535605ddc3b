import { Logger } from '@nestjs/common';
import {
  CoinflowRateLimitedError,
  CoinflowTooManyRequestsError,
  type AnyCoinflowAuthError,
} from '../../errors/coinflow-auth.errors.js';
import { WINDOW_MS } from './taken-slot.js';
import type { VerificationKind } from './verification-kind.js';

const WHOSE: Readonly<Record<VerificationKind, string>> = {
  proven: 'session keys that were proven before',
  forced: 'checks that maxAgeMs forces',
  unknown: 'session keys that are new here',
};

/** What the budget of calls of Verify Token did, since the process started. */
export interface CoinflowBudgetMetrics {
  /** Calls that were made: for keys `proven` before, `forced` by a `maxAgeMs`, and for keys that were `unknown`. */
  readonly used: Readonly<Record<VerificationKind, number>>;
  /** Calls that were not made, since the share was spent or Coinflow had answered 429: 503. */
  readonly refused: Readonly<Record<VerificationKind, number>>;
  /** Calls that were not made, since the `source` or the `key` had had its part: 429. */
  readonly limited: Readonly<Record<'source' | 'key', number>>;
  /** For how many milliseconds nothing is asked, since Coinflow has answered 429; 0 otherwise. */
  readonly closedForMs: number;
}

/** Counts what becomes of wishes for a call, and says in the log when a share is spent: once in a window, however many wish. */
export class BudgetStatistics {
  readonly #logger = new Logger('CoinflowAuth');
  readonly #used = { proven: 0, forced: 0, unknown: 0 };
  readonly #refused = { proven: 0, forced: 0, unknown: 0 };
  readonly #limited = { source: 0, key: 0 };
  /** What the log has said, and until when that is enough: by the monotonic clock. */
  readonly #said = new Map<string, number>();

  used(kind: VerificationKind): void {
    this.#used[kind] += 1;
  }

  /** @param error that says why no call was made */
  refused(kind: VerificationKind, error: AnyCoinflowAuthError): void {
    if (error instanceof CoinflowTooManyRequestsError) {
      this.#limited[kind === 'forced' ? 'key' : 'source'] += 1;
      if (kind === 'unknown')
        this.#say('A source of session keys that Coinflow refuses is answered 429', error, WINDOW_MS);
    } else {
      this.#refused[kind] += 1;
      if (error instanceof CoinflowRateLimitedError && error.reason === 'budget-spent') {
        const seconds = Math.ceil(error.retryAfterMs / 1_000);
        const line = `The calls of Verify Token for ${WHOSE[kind]} are spent: answered 503 for ${seconds} s`;
        this.#say(line, error, error.retryAfterMs, kind);
      }
    }
  }

  snapshot(closedForMs: number): CoinflowBudgetMetrics {
    return { used: { ...this.#used }, refused: { ...this.#refused }, limited: { ...this.#limited }, closedForMs };
  }

  #say(line: string, { reason, action }: AnyCoinflowAuthError, forMs: number, topic: string = reason): void {
    const now = performance.now();
    if (now < (this.#said.get(topic) ?? -Infinity)) return;
    this.#said.set(topic, now + forMs);
    this.#logger.warn(`${line}. ${action} [${reason}]`);
  }
}
