import type { CoinflowUnavailableError } from '../errors/coinflow-auth.errors.js';
import type { ResolvedCoinflowAuthOptions } from '../options/resolve-options.js';
import { EndpointBreaker } from './circuit-breaker.js';
import type { CoinflowClock } from './clock-skew.js';
import { breakerOpen, noResponse } from './response-errors.js';
import { CoinflowResponse, NoResponse, isRetryable, type Outcome } from './response.js';
import type { EndpointMetrics, EndpointTelemetry } from './telemetry.js';
import { TimeLimit } from './time-limit.js';
import type { CallContent, Transport } from './transport.js';

/** Retries wait a random time up to 100 ms, then 200 ms, 400 ms ...: calls that failed together do not retry together. */
const FIRST_JITTER_MS = 100;
const MAX_JITTER_MS = 1_000;

/** One call. */
export interface EndpointCall extends CallContent {
  /**
   * Returns the value of `Authorization`, which is a secret. Called once, within the time limit of the call, and not while
   * the breaker is open.
   */
  authorization?: ((limit: TimeLimit) => Promise<string>) | undefined;
  /** It is not retried: an attempt without a response may have taken effect, or has used up what Coinflow accepts once. */
  isSingleUse?: boolean;
  /** The call is about a session key that was never verified. Anybody can send such a key. */
  isNewKey?: boolean;
  /**
   * The path with its query, where the endpoint has a template.
   * @default the path of the endpoint
   */
  path?: string;
  /** @default a new limit of the option `http.timeoutMs` */
  limit?: TimeLimit;
}

/** The method and the path, or the template of the path: `/api/merchant/payments/{paymentId}`. */
export interface EndpointAddress {
  readonly method: string;
  readonly path: string;
}

/** The parts that all endpoints share. */
export interface EndpointParts {
  transport: Pick<Transport, 'send'>;
  clock: CoinflowClock;
  options: Pick<ResolvedCoinflowAuthOptions, 'baseUrl' | 'http'>;
}

/** One endpoint of Coinflow. Each call has one time limit, and each attempt is made through the circuit breaker. */
export class CoinflowEndpoint {
  /** The method and the path, for messages. */
  readonly name: string;
  readonly #address: EndpointAddress;
  readonly #parts: EndpointParts;
  readonly #breaker: EndpointBreaker;
  readonly #telemetry: EndpointTelemetry;

  constructor(address: EndpointAddress, telemetry: EndpointTelemetry, parts: EndpointParts) {
    this.name = `${address.method} ${address.path}`;
    this.#address = address;
    this.#parts = parts;
    this.#breaker = new EndpointBreaker(this.name);
    this.#telemetry = telemetry;
  }

  get metrics(): EndpointMetrics {
    return this.#telemetry.snapshot(this.#breaker.state);
  }

  /** @throws {@link CoinflowUnavailableError} when no complete response arrives in time, or the breaker is open */
  async get(call: EndpointCall): Promise<CoinflowResponse> {
    const outcome = await this.call(call);
    if (outcome instanceof NoResponse) throw this.noResponse(outcome, call.limit);
    return outcome;
  }

  /** @throws {@link CoinflowUnavailableError} when the breaker is open, or the API key cannot be obtained */
  async call(call: EndpointCall): Promise<Outcome> {
    this.#assertBreakerAllows(call);
    const limit = call.limit ?? new TimeLimit(this.#parts.options.http.timeoutMs);
    let authorized = call;
    if (call.authorization) {
      authorized = withAuthorization(call, await call.authorization(limit));
      // The breaker may have opened meanwhile.
      this.#assertBreakerAllows(call);
    }
    return this.#lastOutcome(authorized, limit);
  }

  /** The error of a call that got no response. */
  noResponse(outcome: NoResponse, limit?: TimeLimit): CoinflowUnavailableError {
    const { baseUrl, http } = this.#parts.options;
    return noResponse(outcome, { name: this.name, baseUrl, timeoutMs: limit?.ms ?? http.timeoutMs });
  }

  async #lastOutcome(call: EndpointCall, limit: TimeLimit): Promise<Outcome> {
    const retries = call.isSingleUse ? 0 : this.#parts.options.http.retries;
    for (let retry = 0; ; retry += 1) {
      const outcome = await this.#breaker.run(call.isNewKey, () => this.#attempt(call, retry, limit));
      if (retry === retries || !isRetryable(outcome)) return outcome;
      const waitMs = retryWaitMs(outcome, retry);
      // No wait begins that would not end in time. While the breaker is open, this outcome says more than a refusal would.
      if (waitMs >= limit.leftMs || this.#breaker.refusesForMs(call.isNewKey) > 0) return outcome;
      await limit.wait(waitMs);
      if (this.#breaker.refusesForMs(call.isNewKey) > 0) return outcome;
    }
  }

  async #attempt(call: EndpointCall, retry: number, limit: TimeLimit): Promise<Outcome> {
    const { transport, clock } = this.#parts;
    const { method, path } = this.#address;
    const request = { ...call, method, path: call.path ?? path, name: this.name };
    const sentAt = performance.now();
    const outcome = await this.#telemetry.attempt(retry, () => transport.send(request, limit));
    if (outcome instanceof CoinflowResponse && outcome.isFromCoinflow) {
      clock.observe(outcome.date, sentAt, performance.now());
    }
    return outcome;
  }

  #assertBreakerAllows({ isNewKey }: EndpointCall): void {
    const retryAfterMs = this.#breaker.refusesForMs(isNewKey);
    if (retryAfterMs === 0) return;
    this.#telemetry.refusedByBreaker();
    throw breakerOpen(this.name, retryAfterMs);
  }
}

/** @returns after how many milliseconds to retry: the `Retry-After` of the response, and a random time */
function retryWaitMs(outcome: Outcome, retry: number): number {
  const requestedMs = outcome instanceof NoResponse ? 0 : (outcome.requestedWaitMs ?? 0);
  return requestedMs + Math.floor(Math.random() * Math.min(MAX_JITTER_MS, FIRST_JITTER_MS * 2 ** retry));
}

function withAuthorization(call: EndpointCall, value: string): EndpointCall {
  return { ...call, headers: { ...call.headers, Authorization: value }, secrets: () => [value, ...call.secrets()] };
}
