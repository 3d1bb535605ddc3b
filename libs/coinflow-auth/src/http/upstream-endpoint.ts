import { CoinflowUnavailableError } from '../errors/coinflow-auth.errors.js';
import { COINFLOW_BASE_URLS } from '../options/base-url.js';
import type { ResolvedCoinflowAuthOptions } from '../options/resolve-options.js';
import { CoinflowResponse } from './coinflow-response.js';
import { CallStatistics, type EndpointMetrics, type EndpointName } from './call-statistics.js';
import { EndpointBreaker } from './endpoint-breaker.js';
import { NoResponse, type Outcome } from './outcome.js';
import { RetrySchedule } from './retry-schedule.js';
import { Telemetry } from './telemetry.js';
import { TimeLimit } from './time-limit.js';
import type { CallContent, Transport } from './transport.js';
import type { UpstreamClock } from './upstream-clock.js';

/** When nothing says when to try again. */
const RETRY_AFTER_MS = 5_000;

/** One call. */
export interface UpstreamCall extends CallContent {
  /**
   * Gives the value of `Authorization`, which is a secret. Called once, within the call's time limit, and not while the
   * breaker is open.
   */
  authorization?: ((limit: TimeLimit) => Promise<string>) | undefined;
  /** What it sends is good once: an attempt that got no answer may have used it up. */
  isGoodOnce?: boolean;
  /** It is about a session key that was never verified: anybody can send one. */
  isNewKey?: boolean;
}

/** What all endpoints of one Coinflow share. */
export interface UpstreamParts {
  transport: Transport;
  clock: UpstreamClock;
  options: Pick<ResolvedCoinflowAuthOptions, 'baseUrl' | 'http'>;
}

/** One endpoint of Coinflow. Each call has one time limit around everything that it waits for; each attempt goes by the breaker. */
export class UpstreamEndpoint {
  readonly #path: string;
  readonly #parts: UpstreamParts;
  readonly #breaker: EndpointBreaker;
  readonly #statistics = new CallStatistics();
  readonly #telemetry: Telemetry;

  constructor(name: EndpointName, path: string, parts: UpstreamParts) {
    this.#path = path;
    this.#parts = parts;
    this.#breaker = new EndpointBreaker(`GET ${path}`);
    this.#telemetry = new Telemetry(name, path, parts.options.baseUrl);
  }

  get metrics(): EndpointMetrics {
    return this.#statistics.snapshot(this.#breaker.state);
  }

  /** @throws {CoinflowUnavailableError} when no whole answer came in time, or none is to be expected */
  async get(call: UpstreamCall): Promise<CoinflowResponse> {
    this.#assertLetThrough(call);
    const limit = new TimeLimit(this.#parts.options.http.timeoutMs);
    let authorized = call;
    if (call.authorization) {
      authorized = withAuthorization(call, await call.authorization(limit));
      // The breaker may have opened meanwhile.
      this.#assertLetThrough(call);
    }
    const outcome = await this.#lastOutcome(authorized, limit);
    if (outcome instanceof NoResponse) throw this.#failure(outcome);
    return outcome;
  }

  async #lastOutcome(call: UpstreamCall, limit: TimeLimit): Promise<Outcome> {
    const { retries } = this.#parts.options.http;
    const schedule = new RetrySchedule(call.isGoodOnce ? 0 : retries);
    for (let retry = 0; ; retry += 1) {
      const outcome = await this.#breaker.run(call.isNewKey, () => this.#attempt(call, retry, limit.signal));
      const waitMs = schedule.next(outcome, limit.leftMs);
      // An open breaker lets no repeat through: what came is then worth more than to have been refused.
      if (waitMs === undefined || this.#breaker.refusesForMs(call.isNewKey) > 0) return outcome;
      await limit.wait(waitMs);
      if (this.#breaker.refusesForMs(call.isNewKey) > 0) return outcome;
    }
  }

  async #attempt(call: UpstreamCall, retry: number, signal: AbortSignal): Promise<Outcome> {
    const { transport, clock } = this.#parts;
    this.#statistics.sent(retry);
    const startedAt = performance.now();
    const outcome = await this.#telemetry.attempt(retry, () => transport.get(this.#path, call, signal));
    const status = outcome instanceof NoResponse ? undefined : outcome.status;
    const endedAt = performance.now();
    this.#statistics.ended(status, endedAt - startedAt);
    if (outcome instanceof CoinflowResponse && outcome.isCoinflows) clock.observe(outcome.date, startedAt, endedAt);
    return outcome;
  }

  #assertLetThrough({ isNewKey }: UpstreamCall): void {
    const retryAfterMs = this.#breaker.refusesForMs(isNewKey);
    if (retryAfterMs === 0) return;
    this.#statistics.refusedByBreaker();
    const message = `GET ${this.#path} has just failed again and again, and is left alone until the next probe`;
    throw new CoinflowUnavailableError(message, { reason: 'breaker-open', retryAfterMs });
  }

  #failure({ reason, code }: NoResponse): CoinflowUnavailableError {
    const message =
      reason === 'timeout'
        ? `Coinflow did not answer GET ${this.#path} within ${this.#parts.options.http.timeoutMs} ms`
        : `GET ${this.#path} got no answer from Coinflow: ${code}`;
    const details = { reason, retryAfterMs: RETRY_AFTER_MS };
    const { baseUrl } = this.#parts.options;
    if (baseUrl !== COINFLOW_BASE_URLS.local) return new CoinflowUnavailableError(message, details);
    const hint = `The URL was ${baseUrl}, the default of env "local": set baseUrl (COINFLOW_BASE_URL) to that of your emulator.`;
    return new CoinflowUnavailableError(`${message}. ${hint}`, { ...details, action: hint });
  }
}

function withAuthorization(call: UpstreamCall, value: string): UpstreamCall {
  return { ...call, headers: { ...call.headers, Authorization: value }, secrets: [...call.secrets, value] };
}
