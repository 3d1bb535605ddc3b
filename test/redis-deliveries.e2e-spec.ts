import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { DeliveryStore } from 'nestjs-coinflow-auth';
import { redisSharedStore, redisDeliveryStore, type RedisConnectionOptions } from 'nestjs-coinflow-auth/redis';
import { deliveryStoreContract } from './delivery-store-contract.js';
import { RedisServer, describeWithRedis, type RedisClient } from './harness/redis-server.js';
import { until } from './harness/until.js';

const UNREACHABLE = { name: 'RedisUnreachableError', message: 'Redis cannot be reached' };

describeWithRedis('redisDeliveryStore (skipped without redis-server)', () => {
  let redis: RedisServer;
  let client: RedisClient;
  const open: DeliveryStore[] = [];

  beforeAll(async () => {
    Logger.overrideLogger(false);
    redis = await RedisServer.start();
    client = await redis.connect();
  });

  afterEach(async () => {
    redis.resume();
    for (const store of open.splice(0)) await store.close?.();
    if (!redis.isRunning) await redis.start();
    await until(() => client.isReady);
  });

  afterAll(async () => {
    client.destroy();
    await redis.kill();
  });

  function store(options: RedisConnectionOptions = { url: redis.url }): DeliveryStore {
    const one = redisDeliveryStore(options);
    open.push(one);
    return one;
  }

  describe('with a URL', () =>
    deliveryStoreContract(
      () => store(),
      delay,
      () => client.flushAll(),
    ));
  describe('with a client', () =>
    deliveryStoreContract(
      () => store({ client }),
      delay,
      () => client.flushAll(),
    ));

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
    const own = redisDeliveryStore({ url: redis.url });
    await own.claim('closing', 1_000);
    await own.close?.();
    await expect(own.claim('closing', 1_000)).rejects.toThrow();
    await redisDeliveryStore({ client }).close?.();
    expect(await client.ping()).toBe('PONG');
    const unused = redisDeliveryStore({ url: redis.url });
    await unused.close?.();
    const connections = async (): Promise<number> => (await client.clientList()).length;
    const before = await connections();
    await expect(unused.claim('closed', 1_000)).rejects.toThrow('Redis cannot be reached');
    expect(await connections()).toBe(before);
  });

  it.each<[string, (name: string) => Promise<unknown>, string]>([
    ['nonsense is a run that goes on', (name) => client.set(name, 'nonsense', { PX: 1_000 }), 'running'],
    ['“done” is not run', (name) => client.set(name, 'done', { PX: 1_000 }), 'done'],
    ['what was taken away is run again', (name) => client.del(name), 'won'],
  ])('whoever writes there decides what runs: %s', async (_, forge, state) => {
    await store().claim('forged.part', 60_000);
    await forge('coinflow:webhook:{forged}.part');
    expect(await store().claim('forged.part', 60_000)).toMatchObject({ state });
    await client.flushAll();
  });

  it.each<[string, unknown]>([
    ['no Redis', {}],
    ['two', { url: 'redis://127.0.0.1', client: { sendCommand: () => undefined } }],
    ['what is no client', { client: {} }],
    ['what only looks like a client', { client: { sendCommand: () => undefined, isOpen: true } }],
    ['what is no URL', { url: 'redis//user:a-password@redis.example.com' }],
    ['what is no URL of a Redis', { url: 'http://user:a-password@redis.example.com' }],
    ['a password whose # is not encoded', { url: 'redis://user:12#a-password@redis.example.com' }],
    ['a password whose ? is not encoded', { url: 'redis://user:12?a-password@redis.example.com' }],
    ['a password whose / is not encoded', { url: 'redis://user:12/a-password@redis.example.com' }],
    ['a password whose % is not encoded', { url: 'redis://user:a-password%@redis.example.com' }],
    ['a database that is no number', { url: 'redis://user:a-password@redis.example.com/first' }],
    ['no host', { url: 'redis://' }],
    ['a URL that is no text', { url: 6379 }],
    ['a prefix with braces', { url: 'redis://127.0.0.1', prefix: '{shop}:' }],
    ['an empty prefix', { url: 'redis://127.0.0.1', prefix: '' }],
    ['a prefix that is no text', { url: 'redis://127.0.0.1', prefix: 1 }],
    ['what is nearly one', { url: 'redis://user:a-password@redis.example.com:port' }],
  ])('refuses %s, and repeats no password', (_, options) => {
    const connect = (): DeliveryStore => redisDeliveryStore(options as RedisConnectionOptions);
    expect(connect).toThrow(TypeError);
    expect(connect).not.toThrow(expect.objectContaining({ input: expect.anything() }));
    expect(connect).not.toThrow('a-password');
  });

  it.each([0, 1.5, 1_001, NaN])('a memory refuses %d as its time', (timeoutMs) => {
    expect(() => redisSharedStore({ url: redis.url, timeoutMs })).toThrow(TypeError);
  });

  const isBack = async (store: DeliveryStore): Promise<boolean> =>
    store.claim('back', 60_000).then(Boolean, () => false);

  it('rejects while Redis is down, and works again once it is back', async () => {
    const one = store();
    await one.claim('before', 60_000);
    await redis.kill();
    const late = store();
    const stores = [one, late, store({ client })];
    for (const each of stores) await expect(each.claim('down', 60_000)).rejects.toMatchObject(UNREACHABLE);
    await redis.start();
    for (const each of stores) await until(() => isBack(each));
    expect(await one.claim('back', 60_000)).toEqual({ state: 'running' });
    // Nobody waited for those any more: a lease would be nobody's.
    expect(await one.claim('down', 60_000)).toMatchObject({ state: 'won' });
  });

  it.each([
    ['its own connection', () => store()],
    ['a client of the user', () => store({ client })],
  ])('rejects the same way when the connection breaks during a command: %s', async (_, open) => {
    const one = open();
    await one.claim('before', 60_000);
    redis.pause();
    const refused = Array.from({ length: 20 }, (_, index) =>
      expect(one.claim(`during-${index}`, 60_000)).rejects.toMatchObject(UNREACHABLE),
    );
    await new Promise(setImmediate);
    await redis.kill();
    await Promise.all(refused);
  });

  it('gives up a Redis that does not answer', async () => {
    const one = store();
    await one.claim('warm', 60_000);
    redis.pause();
    await expect(one.claim('paused', 60_000)).rejects.toMatchObject({
      ...UNREACHABLE,
      cause: new Error('No answer within 1000 ms'),
    });
  });

  it('takes a user, a password of any characters and a number of a database from the url', async () => {
    const password = 'p@ss:w/o#r?d%&ü ';
    await client.sendCommand(['ACL', 'SETUSER', 'special:user', 'on', `>${password}`, 'allkeys', 'allcommands']);
    const credentials = `${encodeURIComponent('special:user')}:${encodeURIComponent(password)}`;
    const url = `${redis.url.replace('//', `//${credentials}@`)}/3`;
    expect(await store({ url }).claim('in-three', 60_000)).toMatchObject({ state: 'won' });
    expect(await client.exists('coinflow:webhook:{in-three}')).toBe(0);
    expect(await store({ url: `${redis.url}/3` }).claim('in-three', 60_000)).toEqual({ state: 'running' });
  });

  it('begins every key with the prefix', async () => {
    await client.flushAll();
    await store({ url: redis.url, prefix: 'shop:' }).claim('prefixed', 60_000);
    expect((await client.keys('*')).sort()).toEqual(['shop:webhook-fence:{prefixed}', 'shop:webhook:{prefixed}']);
    await client.flushAll();
  });

  it('passes on what Redis answers when that is an error', async () => {
    const admin = redis.url.replace('//', '//somebody:a-password@');
    await client.sendCommand(['ACL', 'SETUSER', 'somebody', 'on', '>a-password', '~*', '+ping', '+hello', '+client']);
    await expect(store({ url: admin }).claim('denied', 60_000)).rejects.toThrow(/^NOPERM/);
  });
});
