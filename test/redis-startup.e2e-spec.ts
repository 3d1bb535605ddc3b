import { Logger } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { DeliveryStore } from 'nestjs-coinflow-auth';
import { CoinflowHealthIndicator } from 'nestjs-coinflow-auth/health';
import { redisSharedStore, redisDeliveryStore } from 'nestjs-coinflow-auth/redis';
import { startTlsRedis } from './harness/redis-deployments.js';
import { RedisServer, describeWithRedis, hasOpenssl, type RedisClient } from './harness/redis-server.js';
import { until } from './harness/until.js';
import { createWebhookApp, settled, type WebhookApp } from './harness/webhooks.js';

describeWithRedis('an application that starts with a Redis (skipped without redis-server)', () => {
  let redis: RedisServer;
  let admin: RedisClient;
  let app: WebhookApp | undefined;

  beforeAll(async () => {
    redis = await RedisServer.start();
    admin = await redis.connect();
  });

  afterAll(async () => {
    admin.destroy();
    await redis.kill();
  });

  beforeEach(async () => {
    if (!redis.isRunning) await redis.start();
    await until(() => admin.isReady);
    await admin.sendCommand([
      'ACL',
      'SETUSER',
      'limited',
      'reset',
      'on',
      '>secret',
      'allkeys',
      'allchannels',
      'allcommands',
    ]);
  });

  afterEach(async () => {
    await app?.close();
    app = undefined;
    Logger.overrideLogger(false);
  });

  /** With both stores in Redis. */
  async function start(url = redis.url, deliveries: DeliveryStore = redisDeliveryStore({ url })): Promise<WebhookApp> {
    app = await createWebhookApp({
      webhook: { deliveries, consumer: 'shop' },
      options: { store: redisSharedStore({ url }) },
    });
    Logger.overrideLogger(app.logger);
    return app;
  }

  const limited = (password = 'secret'): string => redis.url.replace('//', `//limited:${password}@`);
  const forbid = (...rules: string[]): Promise<unknown> => admin.sendCommand(['ACL', 'SETUSER', 'limited', ...rules]);
  const warnings = (word: string): string[] =>
    app?.logger.at('warn').filter((line) => line.includes(`[${word}]`)) ?? [];

  /** What a health check tells. */
  function health(): unknown {
    const indicators = {
      check: () => ({
        up: (details: object) => ({ coinflow: { status: 'up' as const, ...details } }),
        degraded: (details: object) => ({ coinflow: { status: 'degraded' as never, ...details } }),
      }),
    };
    return new CoinflowHealthIndicator(indicators, app?.app.get(ModuleRef) as ModuleRef).isHealthy().coinflow;
  }

  async function sharesRevocations(): Promise<boolean> {
    const { service, coinflow } = app as WebhookApp;
    const merchantId = coinflow.merchants[0]?.merchantId ?? '';
    return (await service.revokeSessionKey(coinflow.signSessionKey({ customerId: 'alice', merchantId }))).shared;
  }

  async function isTold(cause: RegExp): Promise<void> {
    await until(() => warnings('redis-unreachable').length > 0);
    expect(warnings('redis-unreachable')).toEqual([expect.stringMatching(cause)]);
    expect(warnings('revocations-unknown')).toEqual([expect.stringMatching(cause)]);
    expect(app?.logger.at('warn')).toHaveLength(2);
    expect(health()).toMatchObject({ status: 'degraded', sharedStore: 'unreachable', deliveries: 'unreachable' });
  }

  it('connects before the first webhook, and is healthy', async () => {
    const { deliver } = await start();
    await until(() => (health() as { deliveries: string }).deliveries === 'reachable');
    expect(health()).toMatchObject({ status: 'up', sharedStore: 'reachable', deliveries: 'reachable' });
    expect(app?.logger.at('warn')).toEqual([]);
    expect(await deliver(settled())).toMatchObject({ status: 200 });
  });

  it('that does not let deliveries run scripts, is told so before the first webhook, and is degraded', async () => {
    await forbid('-eval');
    await start(limited());
    await until(() => warnings('redis-denied').length === 1);
    expect(warnings('redis-denied')).toEqual([expect.stringMatching(/Redis denies a command: NOPERM.*'eval'/)]);
    expect(health()).toMatchObject({ status: 'degraded', deliveries: 'unreachable' });
  });

  it('that denies a command within a script, is told so before the first webhook', async () => {
    await forbid('-time');
    await start(limited());
    await until(() => warnings('redis-denied').length === 1);
    expect(warnings('redis-denied')).toEqual([
      expect.stringContaining("user executing the script can't run this command"),
    ]);
    expect(health()).toMatchObject({ status: 'degraded', deliveries: 'unreachable' });
  });

  it('that denies subscribing, is told why revocations are unknown, and shares none', async () => {
    await forbid('-subscribe');
    await start(limited());
    expect(warnings('revocations-unknown')).toEqual([expect.stringMatching(/Cause: NOPERM.*subscribe/)]);
    expect(await sharesRevocations()).toBe(false);
    expect(health()).toMatchObject({ status: 'degraded', sharedStore: 'unreachable' });
    await forbid('+subscribe');
    await until(sharesRevocations);
  });

  it.each<[string, () => string, RegExp]>([
    ['refuses the password', () => limited('a-wrong-password'), /WRONGPASS/],
    ['is not there', () => 'redis://127.0.0.1:1', /ECONNREFUSED/],
  ])('that %s, is told why in one line for both stores, and starts', async (_, url, cause) => {
    await start(url());
    await isTold(cause);
    expect(JSON.stringify(app?.logger.lines)).not.toContain('a-wrong-password');
  });

  (hasOpenssl ? it : it.skip)('whose certificate is not trusted, is told so in one line, and starts', async () => {
    const tls = await startTlsRedis();
    await start(tls.url);
    await isTold(/SELF_SIGNED_CERT/);
    await tls.kill();
  });

  it('that is full, is told that deliveries cannot be remembered', async () => {
    await admin.sendCommand(['CONFIG', 'SET', 'maxmemory', '1']);
    try {
      await start();
      await until(() => warnings('deliveries-unavailable').length === 1);
      expect(warnings('deliveries-unavailable')).toEqual([expect.stringMatching(/does not work: OOM/)]);
    } finally {
      await admin.sendCommand(['CONFIG', 'SET', 'maxmemory', '0']);
    }
  });

  it('that dies twice, is told each time, and is healthy in between without a webhook', async () => {
    await start();
    const isHealthy = (): boolean => (health() as { deliveries: string }).deliveries === 'reachable';
    await until(isHealthy);
    for (const time of [1, 2]) {
      await redis.kill();
      await until(() => warnings('redis-unreachable').length === time);
      expect(health()).toMatchObject({ status: 'degraded', deliveries: 'unreachable' });
      await redis.start();
      // An outage ends when both connections are back.
      await until(async () => isHealthy() && (await sharesRevocations()));
    }
    expect(warnings('redis-unreachable')).toHaveLength(2);
  });

  it.each<[string, () => void | Promise<void>]>([
    ['rejects', () => Promise.reject(new Error('no table'))],
    [
      'throws at once',
      () => {
        throw new Error('no table');
      },
    ],
  ])('and a store of deliveries that %s when it is opened, starts and is told why', async (_, open) => {
    const store = redisDeliveryStore({ url: redis.url });
    await start(redis.url, {
      open,
      claim: (id, leaseMs) => store.claim(id, leaseMs),
      renew: (id, token, leaseMs) => store.renew(id, token, leaseMs),
      complete: (id, token, keepMs) => store.complete(id, token, keepMs),
      forget: (event) => store.forget(event),
      release: (id, token) => store.release(id, token),
      close: () => store.close?.(),
    });
    expect(warnings('deliveries-unavailable')).toEqual([expect.stringContaining('does not work: no table')]);
    // A store that does not tell is not in health.
    expect(health()).not.toHaveProperty('deliveries');
  });
});
