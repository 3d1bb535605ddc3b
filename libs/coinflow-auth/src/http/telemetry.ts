import {
  SpanKind,
  SpanStatusCode,
  metrics,
  trace,
  type Attributes,
  type Histogram,
  type MeterProvider,
  type Span,
} from '@opentelemetry/api';
import type { BreakerState } from './circuit-breaker.js';
import { NoResponse, type Outcome } from './response.js';
import type { AttributesOf, Instrument } from '../util/instrument.js';

const SCOPE = 'nestjs-coinflow-auth';
/** The boundaries that OpenTelemetry recommends for HTTP, in seconds; its default ones are for milliseconds. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

export const ENDPOINTS = ['verify', 'sessionKey', 'message'] as const;

/** Coinflow's endpoints: Verify Token, Get Session Key and Get Message. */
export type EndpointName = (typeof ENDPOINTS)[number];

const ATTEMPT_OUTCOMES = ['answered', 'rate-limited', 'not-coinflow', 'timeout', 'connection', 'aborted'] as const;
type AttemptOutcome = (typeof ATTEMPT_OUTCOMES)[number];

const STATUS = 'http.response.status_code';
/** The attributes that both histograms have. */
const OF_ATTEMPTS = { outcome: ATTEMPT_OUTCOMES, [STATUS]: 'the status of a complete response' } as const;

/** The histograms of the attempts to call Coinflow. */
export const ATTEMPT_INSTRUMENTS = {
  upstream: {
    name: 'coinflow_auth.upstream.duration',
    type: 'histogram',
    description: 'Duration of attempts to call Coinflow',
    unit: 's',
    attributes: { endpoint: ENDPOINTS, ...OF_ATTEMPTS },
  },
  api: {
    name: 'coinflow_auth.api.duration',
    type: 'histogram',
    description: 'Duration of attempts to call the rest of Coinflow',
    unit: 's',
    attributes: { operation: 'the method and the path template, such as `GET /api/merchant`', ...OF_ATTEMPTS },
  },
} as const satisfies Record<string, Instrument>;

/** What the attributes of a span are. */
export const SPAN_ATTRIBUTES = {
  'http.request.method': 'the method',
  'server.address': "Coinflow's host",
  'server.port': "Coinflow's port",
  'url.path': 'the path, except for calls of `CoinflowApi`',
  'url.template': 'the template of the path, for calls of `CoinflowApi`',
  'http.request.resend_count': 'for a retry: how many attempts came before',
  [STATUS]: 'the status of a complete response',
  'error.type': 'for a failure: the status of a 5xx, or the `outcome` of the attempt',
} as const;

type SpanAttributes = { [Name in keyof typeof SPAN_ATTRIBUTES]?: string | number };

/**
 * Calls to one endpoint since the application started.
 *
 * @inline
 */
export interface EndpointMetrics {
  /** Requests that were sent, retries included. */
  readonly attempts: number;
  /** Attempts that repeated an earlier one. */
  readonly retries: number;
  /** Attempts with a complete response, whatever its status. */
  readonly answered: number;
  /** Attempts without a complete response: timed out, refused, reset or cut off. */
  readonly unanswered: number;
  /** Responses with status 429: Coinflow's rate limit. */
  readonly rateLimited: number;
  /** Calls that were not made because the breaker was open. */
  readonly refusedByBreaker: number;
  /** How long attempts took, from sending to the last byte of the response: the sum, and the longest. */
  readonly durationMs: { readonly total: number; readonly max: number };
  /**
   * `closed`: calls are made. `open`: none is made. `half-open`: one trial call is under way.
   * Verify Token has a breaker for known keys and one for new keys; this is the more severe state of the two. An `open` one
   * that stops new keys only closes as soon as a call for a known key succeeds.
   */
  readonly breaker: BreakerState;
}

/**
 * Calls to Coinflow, by endpoint. A snapshot: it does not change.
 *
 * @inline
 */
export type CoinflowCallMetrics = Readonly<Record<EndpointName, EndpointMetrics>>;

/** What an {@link EndpointTelemetry} reports about. */
export interface TelemetryTarget {
  readonly method: string;
  readonly spanName: string;
  readonly spanAttributes: SpanAttributes;
  readonly histogram: Instrument;
  /** The attributes of the histogram that every attempt has. */
  readonly labels: Attributes;
}

/** @param path of the endpoint, below the base URL */
export function authTelemetry(endpoint: EndpointName, path: string, baseUrl: string): EndpointTelemetry {
  const target = {
    method: 'GET',
    spanName: `GET ${path}`,
    spanAttributes: { 'url.path': new URL(baseUrl + path).pathname },
    histogram: ATTEMPT_INSTRUMENTS.upstream,
    labels: { endpoint } satisfies Partial<AttributesOf<typeof ATTEMPT_INSTRUMENTS.upstream>>,
  };
  return new EndpointTelemetry(target, baseUrl);
}

/** @param path the template of the path, below the base URL */
export function apiTelemetry(method: string, path: string, baseUrl: string): EndpointTelemetry {
  const template = new URL(baseUrl).pathname.replace(/\/$/, '') + path;
  const target = {
    method,
    spanName: `${method} ${path}`,
    spanAttributes: { 'url.template': template },
    histogram: ATTEMPT_INSTRUMENTS.api,
    labels: { operation: `${method} ${path}` } satisfies Partial<AttributesOf<typeof ATTEMPT_INSTRUMENTS.api>>,
  };
  return new EndpointTelemetry(target, baseUrl);
}

/**
 * Counts the calls to one endpoint, and reports each attempt to OpenTelemetry; without an SDK that does nothing. No header
 * and nothing from a body is reported.
 */
export class EndpointTelemetry {
  readonly #target: TelemetryTarget;
  readonly #attributes: SpanAttributes;
  readonly #counts = { attempts: 0, retries: 0, answered: 0, unanswered: 0, rateLimited: 0, refusedByBreaker: 0 };
  #totalMs = 0;
  #maxMs = 0;
  #meterProvider: MeterProvider | undefined;
  #duration: Histogram | undefined;

  /** @param baseUrl of Coinflow */
  constructor(target: TelemetryTarget, baseUrl: string) {
    const { hostname, port, protocol } = new URL(baseUrl);
    this.#target = target;
    this.#attributes = {
      'http.request.method': target.method,
      'server.address': hostname,
      'server.port': Number(port) || (protocol === 'https:' ? 443 : 80),
      ...target.spanAttributes,
    };
  }

  /** @param retry how many attempts of the same call came before */
  attempt(retry: number, attempt: () => Promise<Outcome>): Promise<Outcome> {
    this.#counts.attempts += 1;
    if (retry > 0) this.#counts.retries += 1;
    const attributes: SpanAttributes = {
      ...this.#attributes,
      ...(retry > 0 && { 'http.request.resend_count': retry }),
    };
    const options = { kind: SpanKind.CLIENT, attributes };
    return trace.getTracer(SCOPE).startActiveSpan(this.#target.spanName, options, async (span) => {
      const startedAt = performance.now();
      try {
        const outcome = await attempt();
        const durationMs = performance.now() - startedAt;
        this.#count(outcome, durationMs);
        this.#report(span, outcome, durationMs / 1_000);
        return outcome;
      } finally {
        span.end();
      }
    });
  }

  refusedByBreaker(): void {
    this.#counts.refusedByBreaker += 1;
  }

  snapshot(breaker: BreakerState): EndpointMetrics {
    const durationMs = Object.freeze({ total: this.#totalMs, max: this.#maxMs });
    return Object.freeze({ ...this.#counts, durationMs, breaker });
  }

  #count(outcome: Outcome, durationMs: number): void {
    if (outcome instanceof NoResponse) this.#counts.unanswered += 1;
    else this.#counts.answered += 1;
    if (!(outcome instanceof NoResponse) && outcome.status === 429) this.#counts.rateLimited += 1;
    this.#totalMs += durationMs;
    this.#maxMs = Math.max(this.#maxMs, durationMs);
  }

  #report(span: Span, outcome: Outcome, seconds: number): void {
    const word = outcomeWord(outcome);
    const status = outcome instanceof NoResponse ? {} : { [STATUS]: outcome.status };
    span.setAttributes(status);
    // A rejected key is a regular response: otherwise a client that sends invalid keys could fill the traces with errors.
    if (word !== 'answered' || (outcome as { status: number }).status >= 500) {
      const type: SpanAttributes = { 'error.type': outcome instanceof NoResponse ? word : String(outcome.status) };
      span.setAttributes(type);
      span.setStatus({ code: SpanStatusCode.ERROR, message: word });
    }
    this.#histogram().record(seconds, { ...this.#target.labels, outcome: word, ...status });
  }

  /** The SDK may be set up after this module; an instrument that was created before that never records anything. */
  #histogram(): Histogram {
    const provider = metrics.getMeterProvider();
    if (this.#duration && this.#meterProvider === provider) return this.#duration;
    this.#meterProvider = provider;
    const { name, description, unit = '' } = this.#target.histogram;
    this.#duration = provider.getMeter(SCOPE).createHistogram(name, {
      description,
      unit,
      advice: { explicitBucketBoundaries: BUCKETS },
    });
    return this.#duration;
  }
}

/** The value of the attribute `outcome`. */
function outcomeWord(outcome: Outcome): AttemptOutcome {
  if (outcome instanceof NoResponse) return outcome.reason;
  if (outcome.status === 429) return 'rate-limited';
  return outcome.isFromCoinflow ? 'answered' : 'not-coinflow';
}
