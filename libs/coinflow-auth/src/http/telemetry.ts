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
import type { EndpointName } from './call-statistics.js';
import { NoResponse, outcomeWord, type Outcome } from './outcome.js';

const SCOPE = 'nestjs-coinflow-auth';
/** Those that OpenTelemetry recommends for HTTP in seconds; its own are for milliseconds. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/** Tells OpenTelemetry of each attempt; without an SDK that does nothing. No header and no text of an answer goes there. */
export class Telemetry {
  readonly #endpoint: EndpointName;
  readonly #spanName: string;
  readonly #attributes: Attributes;
  #meterProvider: MeterProvider | undefined;
  #duration: Histogram | undefined;

  constructor(endpoint: EndpointName, path: string, baseUrl: string) {
    const { hostname, port, protocol, pathname } = new URL(baseUrl + path);
    this.#endpoint = endpoint;
    this.#spanName = `GET ${path}`;
    this.#attributes = {
      'http.request.method': 'GET',
      'server.address': hostname,
      'server.port': Number(port) || (protocol === 'https:' ? 443 : 80),
      'url.path': pathname,
    };
  }

  /** @param retry how many attempts of the same call came before */
  attempt(retry: number, attempt: () => Promise<Outcome>): Promise<Outcome> {
    const attributes = { ...this.#attributes, ...(retry > 0 && { 'http.request.resend_count': retry }) };
    const options = { kind: SpanKind.CLIENT, attributes };
    return trace.getTracer(SCOPE).startActiveSpan(this.#spanName, options, async (span) => {
      const startedAt = performance.now();
      try {
        const outcome = await attempt();
        this.#record(span, outcome, (performance.now() - startedAt) / 1_000);
        return outcome;
      } finally {
        span.end();
      }
    });
  }

  #record(span: Span, outcome: Outcome, seconds: number): void {
    const word = outcomeWord(outcome);
    const status = outcome instanceof NoResponse ? {} : { 'http.response.status_code': outcome.status };
    span.setAttributes(status);
    // A plain no is what was asked for, and no error: who sends junk keys must not turn the traces red.
    if (word !== 'answered' || (outcome as { status: number }).status >= 500) {
      span.setAttribute('error.type', outcome instanceof NoResponse ? word : String(outcome.status));
      span.setStatus({ code: SpanStatusCode.ERROR, message: word });
    }
    this.#histogram().record(seconds, { endpoint: this.#endpoint, outcome: word, ...status });
  }

  /** The SDK may be set up after this module: what was made before it does nothing, and does not come to life. */
  #histogram(): Histogram {
    const provider = metrics.getMeterProvider();
    if (this.#duration && this.#meterProvider === provider) return this.#duration;
    this.#meterProvider = provider;
    this.#duration = provider.getMeter(SCOPE).createHistogram('coinflow_auth.upstream.duration', {
      description: 'How long attempts to call Coinflow take',
      unit: 's',
      advice: { explicitBucketBoundaries: BUCKETS },
    });
    return this.#duration;
  }
}
