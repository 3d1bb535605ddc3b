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

describeWithRedis('the startup of an application with Redis (skipped without redis-server)', () => {
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

  /** Starts an application with both stores in Redis. */
  async function start(url = redis.url, deliveries: DeliveryStore = redisDeliveryStore({ url })): Promise<WebhookApp> {
    app = await createWebhookApp({
      webhook: { deliveries, consumer: 'shop' },
      options: { store: redisSharedStore({ url }) },
    });
    Logger.overrideLogger(app.logger);
    return app;
  }

  const limited = (password = 'secret'): string => redis.url.replace('//', `//limited:${password}@`);
  const setRules = (...rules: string[]): Promise<unknown> => admin.sendCommand(['ACL', 'SETUSER', 'limited', ...rules]);
  const warnings = (word: string): string[] =>
    app?.logger.at('warn').filter((line) => line.includes(`[${word}]`)) ?? [];

  /** The result of a health check. */
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

  async function expectUnreachable(cause: RegExp): Promise<void> {
    await until(() => warnings('redis-unreachable').length > 0);
    expect(warnings('redis-unreachable')).toEqual([expect.stringMatching(cause)]);
    expect(warnings('revocations-unavailable')).toEqual([expect.stringMatching(cause)]);
    expect(app?.logger.at('warn')).toHaveLength(2);
    expect(health()).toMatchObject({ status: 'degraded', sharedStore: 'unreachable', deliveries: 'unreachable' });
  }

  it('the application connects to Redis before the first webhook and reports that it is healthy', async () => {
    const { deliver } = await start();
    await until(() => (health() as { deliveries: string }).deliveries === 'reachable');
    expect(health()).toMatchObject({ status: 'up', sharedStore: 'reachable', deliveries: 'reachable' });
    expect(app?.logger.at('warn')).toEqual([]);
    expect(await deliver(settled())).toMatchObject({ status: 200 });
  });

  it('logs before the first webhook that Redis denies scripts, and reports that it is degraded', async () => {
    await setRules('-eval');
    await start(limited());
    await until(() => warnings('redis-denied').length === 1);
    expect(warnings('redis-denied')).toEqual([expect.stringMatching(/Redis denied a command: NOPERM.*'eval'/)]);
    expect(health()).toMatchObject({ status: 'degraded', deliveries: 'unreachable' });
  });

  it('logs before the first webhook that Redis denies a command within a script', async () => {
    await setRules('-time');
    await start(limited());
    await until(() => warnings('redis-denied').length === 1);
    expect(warnings('redis-denied')).toEqual([
      expect.stringContaining("user executing the script can't run this command"),
    ]);
    expect(health()).toMatchObject({ status: 'degraded', deliveries: 'unreachable' });
  });

  it('logs why revocations are unavailable when Redis denies SUBSCRIBE, and shares none', async () => {
    await setRules('-subscribe');
    await start(limited());
    expect(warnings('revocations-unavailable')).toEqual([expect.stringMatching(/Cause: NOPERM.*subscribe/)]);
    expect(await sharesRevocations()).toBe(false);
    expect(health()).toMatchObject({ status: 'degraded', sharedStore: 'unreachable' });
    await setRules('+subscribe');
    await until(sharesRevocations);
  });

  it.each<[string, () => string, RegExp]>([
    ['rejects the password', () => limited('a-wrong-password'), /WRONGPASS/],
    ['does not run', () => 'redis://127.0.0.1:1', /ECONNREFUSED/],
  ])('starts with a Redis that %s, and logs the cause once for both stores', async (_, url, cause) => {
    await start(url());
    await expectUnreachable(cause);
    expect(JSON.stringify(app?.logger.lines)).not.toContain('a-wrong-password');
  });

  (hasOpenssl ? it : it.skip)(
    'starts with a Redis whose certificate is not trusted, and logs that once for both stores',
    async () => {
      const tls = await startTlsRedis();
      await start(tls.url);
      await expectUnreachable(/SELF_SIGNED_CERT/);
      await tls.kill();
    },
  );

  it('logs that deliveries cannot be recorded when Redis is full', async () => {
    await admin.sendCommand(['CONFIG', 'SET', 'maxmemory', '1']);
    try {
      await start();
      await until(() => warnings('deliveries-unavailable').length === 1);
      expect(warnings('deliveries-unavailable')).toEqual([expect.stringMatching(/webhook\.deliveries failed: OOM/)]);
    } finally {
      await admin.sendCommand(['CONFIG', 'SET', 'maxmemory', '0']);
    }
  });

  it('the application logs each of two outages of Redis, and is healthy in between without a webhook', async () => {
    await start();
    const isHealthy = (): boolean => (health() as { deliveries: string }).deliveries === 'reachable';
    await until(isHealthy);
    for (const time of [1, 2]) {
      await redis.kill();
      await until(() => warnings('redis-unreachable').length === time);
      // Either connection can be the first to notice.
      await until(() => !isHealthy());
      expect(health()).toMatchObject({ status: 'degraded', deliveries: 'unreachable' });
      await redis.start();
      // An outage ends when both connections work again.
      await until(async () => isHealthy() && (await sharesRevocations()));
    }
    expect(warnings('redis-unreachable')).toHaveLength(2);
  });

  it.each<[string, () => void | Promise<void>]>([
    ['rejects', () => Promise.reject(new Error('no table'))],
    [
      'throws synchronously',
      () => {
        throw new Error('no table');
      },
    ],
  ])('starts with a delivery store whose open() %s, and logs the cause', async (_, open) => {
    const store = redisDeliveryStore({ url: redis.url });
    await start(redis.url, {
      open,
      claim: (id, leaseMs) => store.claim(id, leaseMs),
      renew: (id, token, leaseMs) => store.renew(id, token, leaseMs),
      complete: (id, token, ttlMs) => store.complete(id, token, ttlMs),
      forget: (event) => store.forget(event),
      release: (id, token) => store.release(id, token),
      close: () => store.close?.(),
    });
    expect(warnings('deliveries-unavailable')).toEqual([
      expect.stringContaining('webhook.deliveries failed: no table'),
    ]);
    // A store that does not report its state is not part of the health check.
    expect(health()).not.toHaveProperty('deliveries');
  });
});
