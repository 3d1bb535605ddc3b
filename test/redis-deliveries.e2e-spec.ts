import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createClient } from '@redis/client';
import type { DeliveryStore } from 'nestjs-coinflow-auth';
import { redisDeliveries, type RedisConnectionOptions } from 'nestjs-coinflow-auth/redis';
import { deliveryStoreContract } from './delivery-store-contract.js';
import { RedisServer, describeWithRedis } from './harness/redis-server.js';

describeWithRedis('redisDeliveries (skipped without redis-server)', () => {
  let redis: RedisServer;
  let client: ReturnType<typeof createClient>;
  const open: DeliveryStore[] = [];

  beforeAll(async () => {
    redis = await RedisServer.start();
    client = createClient({ url: redis.url });
    client.on('error', () => undefined);
    await client.connect();
  });

  afterEach(async () => {
    for (const store of open.splice(0)) await store.close?.();
  });

  afterAll(async () => {
    client.destroy();
    await redis.kill();
  });

  function store(options: RedisConnectionOptions = { url: redis.url }): DeliveryStore {
    const one = redisDeliveries(options);
    open.push(one);
    return one;
  }

  describe('with a URL', () => deliveryStoreContract(() => store(), delay));
  describe('with a client', () => deliveryStoreContract(() => store({ client }), delay));

  it('two processes share what they know, and the keys expire', async () => {
    const claim = await store().claim('shared', 60_000);
    expect(await store({ client }).claim('shared', 60_000)).toEqual({ state: 'running' });
    if (claim.state === 'won') await store().complete('shared', claim.token, 1_000);
    expect(await store({ client }).claim('shared', 60_000)).toEqual({ state: 'done' });
    for (const key of await client.keys('*')) expect([key, await client.pTTL(key)]).toEqual([key, expect.any(Number)]);
    const lives = await Promise.all((await client.keys('*')).map((key) => client.pTTL(key)));
    expect(lives.every((ms) => ms > 0)).toBe(true);
  });

  it('closes its own connection, and leaves a client of the user’s alone', async () => {
    const own = redisDeliveries({ url: redis.url });
    await own.claim('closing', 1_000);
    await own.close?.();
    await expect(own.claim('closing', 1_000)).rejects.toThrow();
    await redisDeliveries({ client }).close?.();
    expect(await client.ping()).toBe('PONG');
    await redisDeliveries({ url: redis.url }).close?.();
  });

  it.each<[string, unknown]>([
    ['no Redis', {}],
    ['two', { url: 'redis://127.0.0.1', client: { sendCommand: () => undefined } }],
    ['what is no client', { client: {} }],
  ])('refuses %s', (_, options) => {
    expect(() => redisDeliveries(options as RedisConnectionOptions)).toThrow(TypeError);
  });

  it('rejects while Redis is away, and works again once it is back', async () => {
    const one = store();
    await one.claim('before', 60_000);
    await redis.kill();
    await expect(one.claim('away', 60_000)).rejects.toThrow();
    await expect(store().claim('away', 60_000)).rejects.toThrow('within 1000 ms');
    await redis.start();
    const isBack = async (): Promise<boolean> => one.claim('back', 60_000).then(Boolean, () => false);
    while (!(await isBack())) await delay(20);
    expect(await one.claim('back', 60_000)).toEqual({ state: 'running' });
  });

  it('gives up a Redis that does not answer', async () => {
    const one = store();
    await one.claim('warm', 60_000);
    redis.pause();
    await expect(one.claim('paused', 60_000)).rejects.toThrow('Redis did not answer within 1000 ms');
    redis.resume();
  });
});
