import { setTimeout as delay } from 'node:timers/promises';
import { CoinflowUnavailableError } from '../errors/coinflow-auth.errors.js';
import { COINFLOW_BASE_URLS } from '../options/base-url.js';
import type { ResolvedCoinflowAuthOptions } from '../options/resolve-options.js';
import { EndpointBreaker } from './circuit-breaker.js';
import type { CoinflowClock } from './clock-skew.js';
import { CoinflowResponse, NoResponse, RETRY_AFTER_MS, isRetryable, type Outcome } from './response.js';
import { EndpointTelemetry, type EndpointMetrics, type EndpointName } from './telemetry.js';
import type { CallContent, Transport } from './transport.js';

/** Retries wait a random time up to 100 ms, then 200 ms, 400 ms ...: calls that failed together do not retry together. */
const FIRST_JITTER_MS = 100;
const MAX_JITTER_MS = 1_000;

/** The time limit of one call, from now on: it includes all attempts, all waits, and reading the response. */
export class TimeLimit {
  /** Aborts when the time is over. It ends an attempt wherever it is. */
  readonly signal: AbortSignal;
  readonly #endsAt: number;

  constructor(ms: number) {
    this.signal = AbortSignal.timeout(ms);
    this.#endsAt = performance.now() + ms;
  }

  get leftMs(): number {
    return this.signal.aborted ? 0 : Math.max(0, this.#endsAt - performance.now());
  }

  /** Resolves after so many milliseconds, or when the time is over. */
  async wait(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.signal }).catch(() => undefined);
  }
}

/** One call. */
export interface EndpointCall extends CallContent {
  /**
   * Returns the value of `Authorization`, which is a secret. Called once, within the time limit of the call, and not while
   * the breaker is open.
   */
  authorization?: ((limit: TimeLimit) => Promise<string>) | undefined;
  /** Coinflow accepts what it sends once only, so it is not retried: an attempt without a response may have used it. */
  isSingleUse?: boolean;
  /** The call is about a session key that was never verified. Anybody can send such a key. */
  isNewKey?: boolean;
}

/** The parts that all endpoints share. */
export interface EndpointParts {
  transport: Transport;
  clock: CoinflowClock;
  options: Pick<ResolvedCoinflowAuthOptions, 'baseUrl' | 'http'>;
}

/** One endpoint of Coinflow. Each call has one time limit, and each attempt is made through the circuit breaker. */
export class CoinflowEndpoint {
  readonly #path: string;
  readonly #parts: EndpointParts;
  readonly #breaker: EndpointBreaker;
  readonly #telemetry: EndpointTelemetry;

  constructor(name: EndpointName, path: string, parts: EndpointParts) {
    this.#path = path;
    this.#parts = parts;
    this.#breaker = new EndpointBreaker(`GET ${path}`);
    this.#telemetry = new EndpointTelemetry(name, path, parts.options.baseUrl);
  }

  get metrics(): EndpointMetrics {
    return this.#telemetry.snapshot(this.#breaker.state);
  }

  /** @throws {CoinflowUnavailableError} when no complete response arrives in time, or the breaker is open */
  async get(call: EndpointCall): Promise<CoinflowResponse> {
    this.#assertBreakerAllows(call);
    const limit = new TimeLimit(this.#parts.options.http.timeoutMs);
    let authorized = call;
    if (call.authorization) {
      authorized = withAuthorization(call, await call.authorization(limit));
      // The breaker may have opened meanwhile.
      this.#assertBreakerAllows(call);
    }
    const outcome = await this.#lastOutcome(authorized, limit);
    if (outcome instanceof NoResponse) throw this.#failure(outcome);
    return outcome;
  }

  async #lastOutcome(call: EndpointCall, limit: TimeLimit): Promise<Outcome> {
    const retries = call.isSingleUse ? 0 : this.#parts.options.http.retries;
    for (let retry = 0; ; retry += 1) {
      const outcome = await this.#breaker.run(call.isNewKey, () => this.#attempt(call, retry, limit.signal));
      if (retry === retries || !isRetryable(outcome)) return outcome;
      const waitMs = retryWaitMs(outcome, retry);
      // No wait begins that would not end in time. While the breaker is open, this outcome says more than a refusal would.
      if (waitMs >= limit.leftMs || this.#breaker.refusesForMs(call.isNewKey) > 0) return outcome;
      await limit.wait(waitMs);
      if (this.#breaker.refusesForMs(call.isNewKey) > 0) return outcome;
    }
  }

  async #attempt(call: EndpointCall, retry: number, signal: AbortSignal): Promise<Outcome> {
    const { transport, clock } = this.#parts;
    const sentAt = performance.now();
    const outcome = await this.#telemetry.attempt(retry, () => transport.get(this.#path, call, signal));
    if (outcome instanceof CoinflowResponse && outcome.isFromCoinflow) {
      clock.observe(outcome.date, sentAt, performance.now());
    }
    return outcome;
  }

  #assertBreakerAllows({ isNewKey }: EndpointCall): void {
    const retryAfterMs = this.#breaker.refusesForMs(isNewKey);
    if (retryAfterMs === 0) return;
    this.#telemetry.refusedByBreaker();
    const message = `GET ${this.#path} has failed repeatedly and is not called until the next trial`;
    throw new CoinflowUnavailableError(message, { reason: 'breaker-open', retryAfterMs });
  }

  #failure({ reason, code }: NoResponse): CoinflowUnavailableError {
    const message =
      reason === 'timeout'
        ? `Coinflow did not respond to GET ${this.#path} within ${this.#parts.options.http.timeoutMs} ms`
        : `GET ${this.#path} got no response from Coinflow: ${code}`;
    const details = { reason, retryAfterMs: RETRY_AFTER_MS };
    const { baseUrl } = this.#parts.options;
    if (baseUrl !== COINFLOW_BASE_URLS.local) return new CoinflowUnavailableError(message, details);
    const hint = `The URL was ${baseUrl}, the default of env "local": set baseUrl (COINFLOW_BASE_URL) to that of your emulator.`;
    return new CoinflowUnavailableError(`${message}. ${hint}`, { ...details, action: hint });
  }
}

/** @returns after how many milliseconds to retry: the `Retry-After` of the response, and a random time */
function retryWaitMs(outcome: Outcome, retry: number): number {
  const requestedMs = outcome instanceof NoResponse ? 0 : (outcome.requestedWaitMs ?? 0);
  return requestedMs + Math.floor(Math.random() * Math.min(MAX_JITTER_MS, FIRST_JITTER_MS * 2 ** retry));
}

function withAuthorization(call: EndpointCall, value: string): EndpointCall {
  return { ...call, headers: { ...call.headers, Authorization: value }, secrets: [...call.secrets, value] };
}
