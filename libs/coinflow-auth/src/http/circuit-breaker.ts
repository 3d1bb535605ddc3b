import { Logger } from '@nestjs/common';
import { isEndpointFailure, isInconclusive, type Outcome } from './response.js';

const FAILURES_TO_OPEN = 5;
const TRIAL_AFTER_MS = 5_000;
/** While a trial is under way its duration is unknown. */
const MIN_REFUSAL_MS = 1_000;
/** The more severe of two states comes first. */
const BY_SEVERITY: readonly BreakerState[] = ['open', 'half-open', 'closed'];

/**
 * `closed`: all attempts are allowed. `open`: none is. `half-open`: one attempt, the trial, is under way.
 *
 * @inline
 */
export type BreakerState = 'closed' | 'open' | 'half-open';

/**
 * Stops attempts at something that fails repeatedly: after five failures in a row none is allowed for five seconds, then
 * one trial. Meanwhile callers are refused at once instead of waiting. All times are by the monotonic clock, so that a
 * correction of the system clock cannot keep the breaker open. It sets no timer.
 */
export class CircuitBreaker<T> {
  readonly #logger = new Logger('CoinflowAuth');
  readonly #name: string;
  readonly #consequence: string;
  readonly #isFailure: (outcome: T) => boolean | undefined;
  #failuresInARow = 0;
  /** `undefined` while the breaker is closed. */
  #openedAt: number | undefined;
  #isTrialUnderWay = false;
  #timesOpened = 0;

  /**
   * @param name the target of the attempts, for the log
   * @param consequence what happens to requests while the breaker is open, for the log
   * @param isFailure returns `undefined` for an outcome that does not count
   */
  constructor(name: string, consequence: string, isFailure: (outcome: T) => boolean | undefined) {
    this.#name = name;
    this.#consequence = consequence;
    this.#isFailure = isFailure;
  }

  get state(): BreakerState {
    if (this.#openedAt === undefined) return 'closed';
    return this.#isTrialUnderWay ? 'half-open' : 'open';
  }

  /** For how many milliseconds no attempt is allowed; 0 if one is allowed now. */
  get refusesForMs(): number {
    if (this.#openedAt === undefined) return 0;
    if (this.#isTrialUnderWay) return MIN_REFUSAL_MS;
    const leftMs = this.#openedAt + TRIAL_AFTER_MS - performance.now();
    return leftMs > 0 ? Math.max(leftMs, MIN_REFUSAL_MS) : 0;
  }

  /** Makes an attempt and counts its outcome. Call it only while {@link refusesForMs} is 0. */
  async run(attempt: () => Promise<T>): Promise<T> {
    const timesOpened = this.#timesOpened;
    const isTrial = this.#openedAt !== undefined;
    if (isTrial) this.#isTrialUnderWay = true;
    try {
      const outcome = await attempt();
      // The outcome of an attempt from before the breaker opened is outdated, and must not end the trial of another one.
      if (timesOpened === this.#timesOpened) this.#count(outcome);
      return outcome;
    } finally {
      if (isTrial && timesOpened === this.#timesOpened) this.#isTrialUnderWay = false;
    }
  }

  /** Counts the outcome of an attempt of another breaker. While this one is not closed, a failure changes nothing. */
  learn(outcome: T): void {
    if (this.#openedAt === undefined || this.#isFailure(outcome) === false) this.#count(outcome);
  }

  #count(outcome: T): void {
    const isFailure = this.#isFailure(outcome);
    if (isFailure === undefined) return;
    if (!isFailure) {
      if (this.#openedAt !== undefined) this.#close();
      this.#failuresInARow = 0;
      return;
    }
    this.#failuresInARow += 1;
    if (this.#failuresInARow >= FAILURES_TO_OPEN) this.#open();
  }

  #open(): void {
    const wasClosed = this.#openedAt === undefined;
    this.#openedAt = performance.now();
    this.#isTrialUnderWay = false;
    this.#timesOpened += 1;
    if (!wasClosed) return;
    this.#logger.warn(
      `${this.#name} failed ${FAILURES_TO_OPEN} times in a row. Until it responds, only one attempt is made every ` +
        `${TRIAL_AFTER_MS / 1_000} s; ${this.#consequence}. [breaker-open]`,
    );
  }

  #close(): void {
    this.#openedAt = undefined;
    this.#logger.log(`${this.#name} responds again. [breaker-closed]`);
  }
}

/**
 * The circuit breakers of one endpoint: one for calls about new session keys, one for all other calls. Anybody can send
 * a new key, and a firewall may reset the connection for one of them. So failures of new keys stop calls for new keys only.
 *
 * Any other call counts for both breakers: its failure stops new keys too, and its success allows them again, since it shows
 * that the endpoint responds.
 */
export class EndpointBreaker {
  readonly #name: string;
  readonly #others: CircuitBreaker<Outcome>;
  /** Created by the first call for a new key: most endpoints have no such calls. */
  #newKeys: CircuitBreaker<Outcome> | undefined;

  /** @param name of the endpoint, for the log */
  constructor(name: string) {
    this.#name = name;
    this.#others = new CircuitBreaker(name, 'requests that need it get 503 at once', countsAsFailure);
  }

  /** The more severe state of the two. The breaker of new keys closes as soon as any other call succeeds. */
  get state(): BreakerState {
    const states = [this.#others.state, this.#newKeys?.state];
    return BY_SEVERITY.find((state) => states.includes(state)) ?? 'closed';
  }

  /** For how many milliseconds no such attempt is allowed; 0 if one is allowed now. */
  refusesForMs(isNewKey: boolean | undefined): number {
    return this.#breakerOf(isNewKey).refusesForMs;
  }

  /** Makes an attempt. Call it only while {@link refusesForMs} is 0. */
  async run(isNewKey: boolean | undefined, attempt: () => Promise<Outcome>): Promise<Outcome> {
    const outcome = await this.#breakerOf(isNewKey).run(attempt);
    if (!isNewKey) this.#newKeys?.learn(outcome);
    return outcome;
  }

  #breakerOf(isNewKey: boolean | undefined): CircuitBreaker<Outcome> {
    if (!isNewKey) return this.#others;
    return (this.#newKeys ??= new CircuitBreaker(
      `${this.#name} for new session keys`,
      'requests with new session keys get 503 at once',
      countsAsFailure,
    ));
  }
}

function countsAsFailure(outcome: Outcome): boolean | undefined {
  return isInconclusive(outcome) ? undefined : isEndpointFailure(outcome);
}
