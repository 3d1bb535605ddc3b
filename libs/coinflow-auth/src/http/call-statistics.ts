import type { BreakerState } from './circuit-breaker.js';

/** Coinflow's endpoints: Verify Token, Get Session Key and Get Message. */
export type EndpointName = 'verify' | 'sessionKey' | 'message';

/** What calls to one endpoint came to, since the application started. */
export interface EndpointMetrics {
  /** How often something was sent, repeats included. */
  readonly attempts: number;
  /** Those of the attempts that repeated one before. */
  readonly retries: number;
  /** Attempts that a whole answer came to, whatever it said. */
  readonly answered: number;
  /** Attempts that no whole answer came to: timed out, refused, reset, cut off. */
  readonly unanswered: number;
  /** Those of the answers that were a 429: Coinflow's rate limit. */
  readonly rateLimited: number;
  /** Calls that were not made because the breaker was open. */
  readonly refusedByBreaker: number;
  /** How long attempts took, from sending to the last byte of the answer: all together, and the longest. */
  readonly durationMs: { readonly total: number; readonly max: number };
  /**
   * Whether calls are let through (`closed`), none are (`open`), or one is under way that decides about it (`half-open`).
   * Verify Token has a breaker for known keys and one for new keys; this is the worse of the two. An `open` one that stops
   * new keys only closes as soon as a call for a known key succeeds.
   */
  readonly breaker: BreakerState;
}

/** What calls to Coinflow came to, by endpoint. A snapshot: it does not change. */
export type UpstreamMetrics = Readonly<Record<EndpointName, EndpointMetrics>>;

/** Counts what calls to one endpoint come to. */
export class CallStatistics {
  #attempts = 0;
  #retries = 0;
  #answered = 0;
  #unanswered = 0;
  #rateLimited = 0;
  #refusedByBreaker = 0;
  #totalMs = 0;
  #maxMs = 0;

  /** @param retry 0 for the first attempt of a call */
  sent(retry: number): void {
    this.#attempts += 1;
    if (retry > 0) this.#retries += 1;
  }

  /** @param status of the answer, if one came */
  ended(status: number | undefined, durationMs: number): void {
    if (status === undefined) this.#unanswered += 1;
    else this.#answered += 1;
    if (status === 429) this.#rateLimited += 1;
    this.#totalMs += durationMs;
    this.#maxMs = Math.max(this.#maxMs, durationMs);
  }

  refusedByBreaker(): void {
    this.#refusedByBreaker += 1;
  }

  snapshot(breaker: BreakerState): EndpointMetrics {
    return Object.freeze({
      attempts: this.#attempts,
      retries: this.#retries,
      answered: this.#answered,
      unanswered: this.#unanswered,
      rateLimited: this.#rateLimited,
      refusedByBreaker: this.#refusedByBreaker,
      durationMs: Object.freeze({ total: this.#totalMs, max: this.#maxMs }),
      breaker,
    });
  }
}
