import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  context,
  metrics,
  trace,
  type Context,
  type ContextManager,
} from '@opentelemetry/api';
import {
  AggregationTemporality,
  DataPointType,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
  type HistogramMetricData,
} from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import {
  html,
  json,
  reset,
  startScriptedServer,
  type ScriptedServer,
} from '../../../../test/harness/scripted-server.js';
import { resolveOptions } from '../options/resolve-options.js';
import { CoinflowClient } from './coinflow-client.js';

const API_KEY = 'canary-api-key';
const SESSION_KEY = `canaryheader.canarypayload.${'canary'.repeat(7)}x`;
const SIGNED_MESSAGE = 'canary-signed-message';
const WALLET = { kind: 'wallet', wallet: 'canary-wallet', blockchain: 'solana' } as const;

describe('EndpointTelemetry', () => {
  let server: ScriptedServer;
  let client: CoinflowClient;
  let spans: InMemorySpanExporter;
  let tracing: BasicTracerProvider;
  let metering: MeterProvider;
  let measured: InMemoryMetricExporter;

  beforeEach(async () => {
    server = await startScriptedServer();
    client = new CoinflowClient(
      resolveOptions({
        env: 'local',
        apiKey: API_KEY,
        merchantId: 'm',
        baseUrl: `${server.url}/base`,
        http: { retries: 1 },
      }),
    );
    spans = new InMemorySpanExporter();
    tracing = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
    measured = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    metering = new MeterProvider({
      // The test flushes it; it never exports by itself during a test.
      readers: [new PeriodicExportingMetricReader({ exporter: measured, exportIntervalMillis: 3_600_000 })],
    });
  });

  afterEach(async () => {
    trace.disable();
    metrics.disable();
    context.disable();
    await Promise.all([tracing.shutdown(), metering.shutdown()]);
    client.close();
    server.close();
  });

  const verify = (): Promise<void> => client.verifyToken(SESSION_KEY).catch(() => undefined);

  /** The data points of the histogram of durations. */
  async function durations(): Promise<{ metric: HistogramMetricData; points: [attributes: object, count: number][] }> {
    await metering.forceFlush();
    const [metric] = (measured.getMetrics().at(-1)?.scopeMetrics ?? []).flatMap((scope) => scope.metrics);
    if (metric?.dataPointType !== DataPointType.HISTOGRAM) throw new Error('There is no histogram');
    return { metric, points: metric.dataPoints.map(({ attributes, value }) => [attributes, value.count]) };
  }

  describe('with an SDK', () => {
    beforeEach(() => {
      trace.setGlobalTracerProvider(tracing);
      metrics.setGlobalMeterProvider(metering);
    });

    it('creates a client span for each attempt', async () => {
      server.script(json(503), json(200));
      await client.verifyToken(SESSION_KEY);
      const { hostname, port } = new URL(server.url);
      const attributes = {
        'http.request.method': 'GET',
        'server.address': hostname,
        'server.port': Number(port),
        'url.path': '/base/api/auth/verify',
      };
      const [first, second, ...more] = spans.getFinishedSpans();
      expect(more).toEqual([]);
      expect(first).toMatchObject({
        name: 'GET /api/auth/verify',
        kind: SpanKind.CLIENT,
        status: { code: SpanStatusCode.ERROR },
        events: [],
      });
      expect(first?.attributes).toEqual({ ...attributes, 'http.response.status_code': 503, 'error.type': '503' });
      expect(second).toMatchObject({ name: 'GET /api/auth/verify', status: { code: SpanStatusCode.UNSET } });
      expect(second?.attributes).toEqual({
        ...attributes,
        'http.response.status_code': 200,
        'http.request.resend_count': 1,
      });
    });

    it.each([
      ['a rejection', json(401), SpanStatusCode.UNSET, undefined],
      ['a rate limit', json(429), SpanStatusCode.ERROR, '429'],
      ['a 500', json(500), SpanStatusCode.ERROR, '500'],
      ['a response that is not from Coinflow', html(401), SpanStatusCode.ERROR, '401'],
      ['no response', reset, SpanStatusCode.ERROR, 'connection'],
    ])('sets the status of the span of %s', async (_, answer, code, errorType) => {
      server.script(answer);
      await verify();
      const [span] = spans.getFinishedSpans();
      expect(span?.status.code).toBe(code);
      expect(span?.attributes['error.type']).toBe(errorType);
    });

    it('creates its spans as children of the active span', async () => {
      context.setGlobalContextManager(new SynchronousContext());
      const parent = trace.getTracer('test').startSpan('request');
      await context.with(trace.setSpan(context.active(), parent), verify);
      expect(spans.getFinishedSpans()[0]?.parentSpanContext?.spanId).toBe(parent.spanContext().spanId);
      parent.end();
    });

    it('measures each attempt in seconds, by endpoint, outcome and status', async () => {
      server.script(json(503), json(401));
      await verify();
      server.script(reset);
      await verify();
      server.script(json(200, {}, '{"message":"sign this"}'));
      await client.getMessage('wallet', 'solana');
      const { metric, points } = await durations();
      expect(metric.descriptor).toMatchObject({ name: 'coinflow_auth.upstream.duration', unit: 's' });
      expect(metric.dataPoints[0]?.value.buckets.boundaries).toContain(0.005);
      expect(metric.dataPoints[0]?.value.sum).toBeLessThan(5);
      expect(points).toEqual([
        [{ endpoint: 'verify', outcome: 'answered', 'http.response.status_code': 503 }, 1],
        [{ endpoint: 'verify', outcome: 'answered', 'http.response.status_code': 401 }, 1],
        [{ endpoint: 'verify', outcome: 'connection' }, 2],
        [{ endpoint: 'message', outcome: 'answered', 'http.response.status_code': 200 }, 1],
      ]);
    });

    it('reports no secret and nothing from a body in any attribute', async () => {
      const echo = { message: `${API_KEY} ${SESSION_KEY} canary-text`, debugId: 'canary-id' };
      for (const answer of [json(401, { 'x-echo': SESSION_KEY }, JSON.stringify(echo)), html(502), reset]) {
        server.script(answer);
        await verify();
        for (const signedMessage of [undefined, SIGNED_MESSAGE]) {
          const creating = client.getSessionKey({ subject: WALLET, signedMessage }, '203.0.113.7');
          await expect(creating).rejects.toHaveProperty('code');
        }
        await expect(client.getMessage(WALLET.wallet, WALLET.blockchain)).rejects.toHaveProperty('code');
      }
      const shown = spans
        .getFinishedSpans()
        .map(({ name, attributes, status, events, links }) => ({ name, attributes, status, events, links }));
      expect(shown.length).toBeGreaterThanOrEqual(12);
      const { metric, points } = await durations();
      expect(JSON.stringify([shown, metric, points])).not.toMatch(/canary|203\.0\.113/);
    });
  });

  it('reports to an SDK that is set up after the module', async () => {
    await verify();
    trace.setGlobalTracerProvider(tracing);
    metrics.setGlobalMeterProvider(metering);
    await verify();
    expect(spans.getFinishedSpans()).toHaveLength(1);
    expect((await durations()).points).toEqual([[expect.objectContaining({ endpoint: 'verify' }), 1]]);
  });

  it('makes calls without an SDK', async () => {
    server.script(json(401));
    await expect(client.verifyToken(SESSION_KEY)).rejects.toMatchObject({ code: 'COINFLOW_SESSION_REJECTED' });
    expect(spans.getFinishedSpans()).toEqual([]);
  });
});

/** Knows the parent only when a call begins; the context manager of the Node.js SDK also follows asynchronous code. */
class SynchronousContext implements ContextManager {
  #active: Context = ROOT_CONTEXT;

  active(): Context {
    return this.#active;
  }

  with<A extends unknown[], F extends (...args: A) => ReturnType<F>>(
    next: Context,
    run: F,
    thisArg?: ThisParameterType<F>,
    ...args: A
  ): ReturnType<F> {
    const before = this.#active;
    this.#active = next;
    try {
      return run.call(thisArg, ...args);
    } finally {
      this.#active = before;
    }
  }

  bind<T>(_: Context, target: T): T {
    return target;
  }

  enable(): this {
    return this;
  }

  disable(): this {
    return this;
  }
}
