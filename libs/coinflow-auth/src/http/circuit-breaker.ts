import { Logger } from '@nestjs/common';
import { CircuitState, ConsecutiveBreaker, circuitBreaker, handleWhenResult } from 'cockatiel';

const FAILURES_TO_OPEN = 5;
const PROBE_AFTER_MS = 5_000;
/** While a probe is under way nobody knows how long it takes. */
const SHORTEST_REFUSAL_MS = 1_000;
const STATES = {
  [CircuitState.Closed]: 'closed',
  [CircuitState.Open]: 'open',
  [CircuitState.HalfOpen]: 'half-open',
  // Only `isolate()` leads there, and nobody calls it.
  [CircuitState.Isolated]: 'open',
} as const;

/** What a breaker does: lets all calls through, none, or one that probes. */
export type BreakerState = 'closed' | 'open' | 'half-open';

interface Attempted<T> {
  outcome: T;
  isFailure: boolean;
}

/**
 * Spares what fails again and again, and those who wait for it: after five failures in a row nothing is sent
 * for five seconds, then one attempt probes. Whoever comes meanwhile is refused at once rather than kept waiting.
 */
export class CircuitBreaker<T> {
  readonly #logger = new Logger('CoinflowAuth');
  readonly #name: string;
  readonly #consequence: string;
  readonly #isFailure: (outcome: T) => boolean;
  // When to probe is decided here, on a monotonic clock: by `Date`, which cockatiel goes by, a correction of the machine's
  // clock could keep the breaker open for hours.
  readonly #policy = circuitBreaker(
    handleWhenResult((attempted) => (attempted as Attempted<T>).isFailure),
    { halfOpenAfter: -Infinity, breaker: new ConsecutiveBreaker(FAILURES_TO_OPEN) },
  );
  #openedAt = -Infinity;
  #timesOpened = 0;

  /**
   * @param name of what is called, for the log
   * @param consequence what its being away means, for the log
   */
  constructor(name: string, consequence: string, isFailure: (outcome: T) => boolean) {
    this.#name = name;
    this.#consequence = consequence;
    this.#isFailure = isFailure;
    this.#policy.onBreak(() => this.#opened());
    this.#policy.onReset(() => this.#closed());
  }

  get state(): BreakerState {
    return STATES[this.#policy.state];
  }

  /** For how long no attempt is let through; 0 when one is. */
  get refusesForMs(): number {
    if (this.state === 'closed') return 0;
    if (this.state === 'half-open') return SHORTEST_REFUSAL_MS;
    const leftMs = this.#openedAt + PROBE_AFTER_MS - performance.now();
    return leftMs > 0 ? Math.max(leftMs, SHORTEST_REFUSAL_MS) : 0;
  }

  /** Makes an attempt and learns from it. Only while {@link refusesForMs} is 0: otherwise it would wait for the probe. */
  async run(attempt: () => Promise<T>): Promise<T> {
    const timesOpened = this.#timesOpened;
    const { outcome } = await this.#policy.execute(async (): Promise<Attempted<T>> => {
      const outcome = await attempt();
      // An attempt from before the breaker opened says nothing about now, and must not end the probe of others.
      return { outcome, isFailure: timesOpened === this.#timesOpened && this.#isFailure(outcome) };
    });
    return outcome;
  }

  /** Learns from an attempt that was not made through this breaker. While it is open, only a success changes anything. */
  learn(outcome: T): void {
    const isFailure = this.#isFailure(outcome);
    if (isFailure && this.state !== 'closed') return;
    void this.#policy.execute((): Attempted<T> => ({ outcome, isFailure }));
  }

  #opened(): void {
    const isFirst = this.#openedAt === -Infinity;
    this.#openedAt = performance.now();
    this.#timesOpened += 1;
    if (!isFirst) return;
    this.#logger.warn(
      `${this.#name} failed ${FAILURES_TO_OPEN} times in a row. It is not called but for one attempt every ` +
        `${PROBE_AFTER_MS / 1_000} s, until one succeeds; ${this.#consequence}. [breaker-open]`,
    );
  }

  #closed(): void {
    this.#openedAt = -Infinity;
    this.#logger.log(`${this.#name} answers again. [breaker-closed]`);
  }
}
