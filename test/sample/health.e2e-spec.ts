import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ModuleRef } from '@nestjs/core';
import type { HealthCheckResult } from '@nestjs/terminus';
import { CoinflowHealthIndicator } from 'nestjs-coinflow-auth/health';
import { createSampleApp, type SampleApp } from '../harness/create-sample-app.js';
import { PLATFORMS, unseenKey } from '../harness/create-test-app.js';

describe.each(PLATFORMS)('the health of the sample on %s', (platform) => {
  let app: SampleApp;

  beforeEach(async () => {
    app = await createSampleApp({ platform });
  });

  afterEach(() => app.close());

  const health = async (): Promise<unknown> => {
    const { status, body } = await app.get('/health');
    const { status: overall, details } = body as HealthCheckResult;
    return { status, overall, coinflow: details.coinflow };
  };

  it('reports the status up before the first call', async () => {
    expect(await health()).toMatchObject({
      status: 200,
      overall: 'ok',
      coinflow: { status: 'up', coinflow: 'unknown', clockSkewMs: null },
    });
  });

  it('reports the status up while Coinflow is healthy, and makes no calls', async () => {
    await app.sessionKey('alice');
    app.coinflow.clearCalls();
    for (let i = 0; i < 20; i += 1) {
      expect(await health()).toMatchObject({ status: 200, coinflow: { status: 'up', coinflow: 'reachable' } });
    }
    expect(app.coinflow.calls).toEqual([]);
  });

  it('reports the status degraded, not down, while Coinflow is unreachable', async () => {
    const key = await app.sessionKey('alice');
    app.coinflow.fail('verify', { kind: 'reset' });
    for (let i = 0; i < 5; i += 1) await app.get('/me', unseenKey(app.coinflow, { customerId: `user-${i}` }));
    expect(await health()).toMatchObject({
      status: 200,
      overall: 'degraded',
      coinflow: { status: 'degraded', coinflow: 'unreachable', sessions: 1 },
    });
    expect(await app.get('/me', key)).toMatchObject({ status: 200 });
  });
});

it('reports a degraded health while the shared store is unreachable', async () => {
  const app = await createSampleApp({ platform: 'express', env: { REDIS_URL: 'redis://127.0.0.1:1' } });
  const { status, body } = await app.get('/health');
  expect(status).toBe(200);
  expect(body).toMatchObject({
    status: 'degraded',
    details: { coinflow: { status: 'degraded', coinflow: 'unknown', sharedStore: 'unreachable' } },
  });
  expect(await app.get('/catalog', await app.sessionKey('alice'))).toMatchObject({
    status: 200,
    body: { member: true },
  });
  await app.close();
});

it('reports "degraded" in the details to a version of Terminus without that status', async () => {
  const app = await createSampleApp({ platform: 'express' });
  app.coinflow.fail('verify', { kind: 'reset' });
  for (let i = 0; i < 5; i += 1) await app.get('/me', unseenKey(app.coinflow, { customerId: `user-${i}` }));
  const older = {
    check: (key: string) => ({ up: (details: object) => ({ [key]: { status: 'up' as const, ...details } }) }),
  };
  const indicator = new CoinflowHealthIndicator(older, app.app.get(ModuleRef));
  expect(indicator.isHealthy('payments')).toMatchObject({ payments: { status: 'up', coinflow: 'unreachable' } });
  await app.close();
});
