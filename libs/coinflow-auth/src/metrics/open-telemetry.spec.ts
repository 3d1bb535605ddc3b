import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { metrics } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { startCoinflowEmulator, type CoinflowEmulator } from 'coinflow-emulator';
import { SharedStore } from '../../test-doubles/shared-store.js';
import { TestService } from '../../test-doubles/test-service.js';

type Point = [attributes: object, value: unknown];

describe('observeInstance', () => {
  let coinflow: CoinflowEmulator;
  let provider: MeterProvider;
  let exported: InMemoryMetricExporter;
  let service: TestService;

  beforeEach(async () => {
    coinflow = await startCoinflowEmulator();
    exported = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    provider = new MeterProvider({
      readers: [new PeriodicExportingMetricReader({ exporter: exported, exportIntervalMillis: 3_600_000 })],
    });
    metrics.setGlobalMeterProvider(provider);
    service = await start('eu');
  });

  afterEach(async () => {
    await service.stop();
    metrics.disable();
    await provider.shutdown();
    await coinflow.close();
  });

  async function start(name?: string, store?: SharedStore): Promise<TestService> {
    const [merchant = { apiKey: '', merchantId: '' }] = coinflow.merchants;
    const { apiKey, merchantId } = merchant;
    const one = new TestService({ env: 'local', baseUrl: coinflow.url, apiKey, merchantId, store }, name);
    await one.start();
    return one;
  }

  /** What is exported now, by instrument. */
  async function read(): Promise<Record<string, Point[]>> {
    exported.reset();
    await provider.forceFlush();
    const all = exported.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics));
    return Object.fromEntries(
      all.map(({ descriptor, dataPoints }) => [
        descriptor.name,
        dataPoints.map(({ attributes, value }): Point => [attributes, value]),
      ]),
    );
  }

  it('exports the metrics of a named instance with its name', async () => {
    const { key } = await service.createSessionKey({ userId: 'alice' });
    await service.createSessionKey({ userId: 'alice' });
    await service.verifySessionKey(key);
    await service.verifySessionKey(key);
    await expect(service.verifySessionKey('')).rejects.toThrow();
    const exportedNow = await read();
    expect(exportedNow['coinflow_auth.decisions']).toEqual([
      [{ instance: 'eu', outcome: 'authenticated', decided_by: 'cache' }, 2],
      [{ instance: 'eu', outcome: 'unauthenticated', decided_by: 'request' }, 1],
    ]);
    expect(exportedNow['coinflow_auth.session_keys.reused']).toEqual([[{ instance: 'eu' }, 1]]);
    expect(exportedNow['coinflow_auth.budget.closed']).toEqual([[{ instance: 'eu' }, 0]]);
    expect(exportedNow['coinflow_auth.cache.entries']).toContainEqual([{ instance: 'eu', kind: 'sessions' }, 1]);
    expect(exportedNow['coinflow_auth.upstream.breaker']).toContainEqual([{ instance: 'eu', endpoint: 'verify' }, 0]);
    // The header `Date` has whole seconds, so a difference below one second counts as 0.
    expect(exportedNow['coinflow_auth.clock_skew']).toEqual([[{ instance: 'eu' }, 0]]);
    expect(JSON.stringify(exportedNow)).not.toContain('alice');
  });

  it('exports the metrics of two instances separately, and those of the unnamed one without a name', async () => {
    const unnamed = await start();
    await expect(unnamed.verifySessionKey('')).rejects.toThrow();
    await expect(service.verifySessionKey('')).rejects.toThrow();
    await expect(service.verifySessionKey('')).rejects.toThrow();
    expect((await read())['coinflow_auth.decisions']).toEqual([
      [{ instance: 'eu', outcome: 'unauthenticated', decided_by: 'request' }, 2],
      [{ outcome: 'unauthenticated', decided_by: 'request' }, 1],
    ]);
  });

  it('exports the metrics of the shared store', async () => {
    const one = await start('us', new SharedStore());
    await expect(one.verifySessionKey('opaque')).rejects.toThrow();
    const exportedNow = await read();
    expect(exportedNow['coinflow_auth.shared_store.reads']).toEqual([
      [{ instance: 'us', outcome: 'hits' }, 0],
      [{ instance: 'us', outcome: 'misses' }, 1],
      [{ instance: 'us', outcome: 'unreadable' }, 0],
      [{ instance: 'us', outcome: 'failures' }, 0],
    ]);
    const breaker = [{ instance: 'us', endpoint: 'shared-store' }, 0];
    expect(exportedNow['coinflow_auth.upstream.breaker']).toContainEqual(breaker);
    await one.stop();
  });

  it('stops reading the metrics when the application shuts down', async () => {
    const metricsOf = jest.spyOn(service, 'metrics');
    await read();
    expect(metricsOf).toHaveBeenCalledTimes(1);
    await service.stop();
    await read();
    expect(metricsOf).toHaveBeenCalledTimes(1);
  });

  it('exports the calls of the budget by kind and outcome', async () => {
    const { key } = await service.createSessionKey({ userId: 'alice' });
    await service.verifySessionKey(key, { maxAgeMs: 0 });
    for (let i = 0; i < 11; i += 1) {
      const forged = `e30.${Buffer.from(JSON.stringify({ customerId: `u${i}`, merchantId: 'demo-merchant', exp: 2_000_000_000 })).toString('base64url')}.${'A'.repeat(43)}`;
      await expect(service.verifySessionKey(forged, { rateLimitClient: '203.0.113.7' })).rejects.toThrow();
    }
    const { key: another } = await service.createSessionKey({ userId: 'bob' });
    coinflow.fail('verify', { kind: 'status', status: 429, headers: { 'retry-after': '30' } });
    // Two users, because one 429 limits one user, and the second one stops the calls of all users.
    for (const one of [key, another]) await expect(service.verifySessionKey(one, { maxAgeMs: 0 })).rejects.toThrow();
    await expect(service.verifySessionKey(key, { maxAgeMs: 0 })).rejects.toThrow();
    const exportedNow = await read();
    const calls = exportedNow['coinflow_auth.budget.calls'];
    for (const [kind, outcome, count] of [
      ['newKeys', 'used', 11],
      ['newKeys', 'rate-limited', 1],
      ['revalidations', 'used', 3],
      ['revalidations', 'exhausted', 1],
      ['knownKeys', 'used', 0],
    ] as const) {
      expect(calls).toContainEqual([{ instance: 'eu', kind, outcome }, count]);
    }
    const [[, seconds] = [{}, NaN]] = exportedNow['coinflow_auth.budget.closed'] ?? [];
    expect(seconds as number).toBeGreaterThan(25);
    expect(JSON.stringify(exportedNow)).not.toContain('203.0.113');
  });

  it('exports an open breaker as 2', async () => {
    coinflow.fail('verify', { kind: 'reset' });
    for (let i = 0; i < 5; i += 1) {
      const key = coinflow.signSessionKey({ customerId: `u${i}`, merchantId: 'demo-merchant' });
      await expect(service.verifySessionKey(key)).rejects.toMatchObject({ code: 'COINFLOW_UNAVAILABLE' });
    }
    expect((await read())['coinflow_auth.upstream.breaker']).toContainEqual([
      { instance: 'eu', endpoint: 'verify' },
      2,
    ]);
  });
});
