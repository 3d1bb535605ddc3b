import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { metrics } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
  type MetricData,
} from '@opentelemetry/sdk-metrics';
import { OnCoinflowEvent, type CoinflowWebhookEvent } from 'nestjs-coinflow-auth';
import { PLATFORMS } from './harness/create-test-app.js';
import { createWebhookApp, settled, type WebhookApp } from './harness/webhooks.js';

@Injectable()
class Handlers {
  @OnCoinflowEvent('Settled')
  credit({ data }: CoinflowWebhookEvent<'Settled'>): void {
    if (data.id === 'canary-fails') throw new Error('canary');
  }
}

describe.each(PLATFORMS)('the OpenTelemetry metrics of webhooks on %s', (platform) => {
  let app: WebhookApp;
  let metering: MeterProvider;
  let measured: InMemoryMetricExporter;

  beforeEach(async () => {
    app = await createWebhookApp({
      platform,
      providers: [Handlers],
      webhook: { acceptMerchant: () => false },
    });
    // An application may register the SDK after the module.
    await app.deliver(settled({ id: 'before' }));
    measured = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    metering = new MeterProvider({
      readers: [new PeriodicExportingMetricReader({ exporter: measured, exportIntervalMillis: 3_600_000 })],
    });
    metrics.setGlobalMeterProvider(metering);
  });

  afterEach(async () => {
    metrics.disable();
    await metering.shutdown();
    await app.close();
  });

  async function exported(): Promise<MetricData[]> {
    await metering.forceFlush();
    const [last] = measured.getMetrics().slice(-1);
    return last?.scopeMetrics.flatMap((scope) => scope.metrics) ?? [];
  }

  /** The number of recordings of each set of attributes, by the name of the metric. */
  async function recorded(): Promise<Record<string, [object, number][]>> {
    return Object.fromEntries(
      (await exported()).map(({ descriptor, dataPoints }) => [
        descriptor.name,
        dataPoints.map(({ attributes, value }): [object, number] => [
          attributes,
          typeof value === 'number' ? value : value.count,
        ]),
      ]),
    );
  }

  it('counts received webhooks and measures their duration until they are answered', async () => {
    const event = settled();
    for (let i = 0; i < 2; i += 1) expect((await app.deliver(event)).status).toBe(200);
    expect((await app.deliver(settled({ id: 'canary-fails' }))).status).toBe(500);
    expect((await app.deliver(settled({ merchantId: 'canary-seller' }))).status).toBe(200);
    expect((await app.deliver(event, { key: 'forged' })).status).toBe(401);
    expect((await app.deliver(event, { raw: '{"data":{}}' })).status).toBe(400);
    const { 'coinflow_auth.webhook.received': received, 'coinflow_auth.webhook.duration': duration } = await recorded();
    expect(received).toEqual([
      [{ outcome: 'accepted' }, 4],
      [{ outcome: 'rejected', reason: 'signature-mismatch' }, 1],
      [{ outcome: 'rejected', reason: expect.any(String) }, 1],
    ]);
    expect(duration).toEqual([
      [{ outcome: 'succeeded' }, 1],
      [{ outcome: 'duplicate' }, 1],
      [{ outcome: 'failed' }, 1],
      [{ outcome: 'not-accepted' }, 1],
    ]);
    expect(JSON.stringify([received, duration])).not.toContain('canary');
  });

  it('measures the duration of a webhook from its arrival, in seconds', async () => {
    const startedAt = performance.now();
    await app.deliver(settled());
    const durations = (await exported()).flatMap(({ descriptor, dataPoints }) =>
      descriptor.name === 'coinflow_auth.webhook.duration' ? dataPoints.map(({ value }) => value) : [],
    );
    const maxS = (performance.now() - startedAt) / 1_000;
    expect(durations).toMatchObject([{ count: 1, max: expect.any(Number) }]);
    const { max = NaN } = durations[0] as { max?: number };
    expect(max).toBeGreaterThan(0);
    expect(max).toBeLessThan(maxS);
  });
});
