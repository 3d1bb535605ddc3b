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

  it('is up before anything was asked, and says so', async () => {
    expect(await health()).toMatchObject({
      status: 200,
      overall: 'ok',
      coinflow: { status: 'up', coinflow: 'unknown', clockSkewMs: null },
    });
  });

  it('is up with Coinflow there, and asks it nothing however often it is probed', async () => {
    await app.sessionKey('alice');
    app.coinflow.clearCalls();
    for (let i = 0; i < 20; i += 1) {
      expect(await health()).toMatchObject({ status: 200, coinflow: { status: 'up', coinflow: 'reachable' } });
    }
    expect(app.coinflow.calls).toEqual([]);
  });

  it('is degraded, and never down, with Coinflow away', async () => {
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

it('is degraded with a shared store away: what others have revoked is not known', async () => {
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

it('a Terminus that does not know “degraded” is told the same in the details', async () => {
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
