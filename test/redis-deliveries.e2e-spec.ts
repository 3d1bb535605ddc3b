import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { DeliveryStore } from 'nestjs-coinflow-auth';
import { redisSharedStore, redisDeliveryStore, type RedisConnectionOptions } from 'nestjs-coinflow-auth/redis';
import { deliveryStoreContract } from './delivery-store-contract.js';
import { RedisServer, describeWithRedis, type RedisClient } from './harness/redis-server.js';
import { until } from './harness/until.js';

const UNREACHABLE = { name: 'RedisUnreachableError', message: 'Redis is unreachable' };

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

  it('shares records between replicas, under keys that expire', async () => {
    const claim = await store().claim('shared', 60_000);
    expect(await store({ client }).claim('shared', 60_000)).toEqual({ state: 'running' });
    if (claim.state === 'won') await store().complete('shared', claim.token, 1_000);
    expect(await store({ client }).claim('shared', 60_000)).toEqual({ state: 'done' });
    for (const key of await client.keys('*')) expect([key, await client.pTTL(key)]).toEqual([key, expect.any(Number)]);
    const ttls = await Promise.all((await client.keys('*')).map((key) => client.pTTL(key)));
    expect(ttls.every((ms) => ms > 0)).toBe(true);
  });

  it('closes the connection to its url, but not a client of the application', async () => {
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
    await expect(unused.claim('closed', 1_000)).rejects.toThrow('Redis is unreachable');
    expect(await connections()).toBe(before);
  });

  it.each<[string, (name: string) => Promise<unknown>, string]>([
    ['an unknown value', (name) => client.set(name, 'forged', { PX: 1_000 }), 'running'],
    ['the value "done"', (name) => client.set(name, 'done', { PX: 1_000 }), 'done'],
    ['a deleted key', (name) => client.del(name), 'won'],
  ])('takes %s in Redis as the state of a delivery', async (_, forge, state) => {
    await store().claim('forged.part', 60_000);
    await forge('coinflow:webhook:{forged}.part');
    expect(await store().claim('forged.part', 60_000)).toMatchObject({ state });
    await client.flushAll();
  });

  it.each<[string, unknown]>([
    ['options without a url and a client', {}],
    ['both a url and a client', { url: 'redis://127.0.0.1', client: { sendCommand: () => undefined } }],
    ['an empty object as the client', { client: {} }],
    ['an unknown kind of client', { client: { sendCommand: () => undefined, isOpen: true } }],
    ['a url that is not a URL', { url: 'redis//user:a-password@redis.example.com' }],
    ['a URL of another protocol', { url: 'http://user:a-password@redis.example.com' }],
    ['a password whose # is not encoded', { url: 'redis://user:12#a-password@redis.example.com' }],
    ['a password whose ? is not encoded', { url: 'redis://user:12?a-password@redis.example.com' }],
    ['a password whose / is not encoded', { url: 'redis://user:12/a-password@redis.example.com' }],
    ['a password whose % is not encoded', { url: 'redis://user:a-password%@redis.example.com' }],
    ['a database that is not a number', { url: 'redis://user:a-password@redis.example.com/first' }],
    ['a url without a host', { url: 'redis://' }],
    ['a url that is not a string', { url: 6379 }],
    ['a prefix with braces', { url: 'redis://127.0.0.1', prefix: '{shop}:' }],
    ['an empty prefix', { url: 'redis://127.0.0.1', prefix: '' }],
    ['a prefix that is not a string', { url: 'redis://127.0.0.1', prefix: 1 }],
    ['a URL with an invalid port', { url: 'redis://user:a-password@redis.example.com:port' }],
  ])('rejects %s without repeating the password', (_, options) => {
    const connect = (): DeliveryStore => redisDeliveryStore(options as RedisConnectionOptions);
    expect(connect).toThrow(TypeError);
    expect(connect).not.toThrow(expect.objectContaining({ input: expect.anything() }));
    expect(connect).not.toThrow('a-password');
  });

  it.each([0, 1.5, 1_001, NaN])('rejects %d as the timeout of a shared store', (timeoutMs) => {
    expect(() => redisSharedStore({ url: redis.url, timeoutMs })).toThrow(TypeError);
  });

  const isAvailable = async (store: DeliveryStore): Promise<boolean> =>
    store.claim('back', 60_000).then(Boolean, () => false);

  it('rejects commands while Redis is down, and works again afterwards', async () => {
    const one = store();
    await one.claim('before', 60_000);
    await redis.kill();
    const late = store();
    const stores = [one, late, store({ client })];
    for (const each of stores) await expect(each.claim('down', 60_000)).rejects.toMatchObject(UNREACHABLE);
    await redis.start();
    for (const each of stores) await until(() => isAvailable(each));
    expect(await one.claim('back', 60_000)).toEqual({ state: 'running' });
    // The rejected commands were not sent later: nobody would hold their leases.
    expect(await one.claim('down', 60_000)).toMatchObject({ state: 'won' });
  });

  it.each([
    ['a connection to its url', () => store()],
    ['a client of the application', () => store({ client })],
  ])('rejects a command as unreachable when its connection breaks: %s', async (_, open) => {
    const one = open();
    await one.claim('before', 60_000);
    redis.pause();
    const rejections = Array.from({ length: 20 }, (_, index) =>
      expect(one.claim(`during-${index}`, 60_000)).rejects.toMatchObject(UNREACHABLE),
    );
    await new Promise(setImmediate);
    await redis.kill();
    await Promise.all(rejections);
  });

  it('rejects a command after one second when Redis does not respond', async () => {
    const one = store();
    await one.claim('warm', 60_000);
    redis.pause();
    await expect(one.claim('paused', 60_000)).rejects.toMatchObject({
      ...UNREACHABLE,
      cause: new Error('No response within 1000 ms'),
    });
  });

  it('reads the user, a password of any characters and the database from the url', async () => {
    const password = 'p@ss:w/o#r?d%&ü ';
    await client.sendCommand(['ACL', 'SETUSER', 'special:user', 'on', `>${password}`, 'allkeys', 'allcommands']);
    const credentials = `${encodeURIComponent('special:user')}:${encodeURIComponent(password)}`;
    const url = `${redis.url.replace('//', `//${credentials}@`)}/3`;
    expect(await store({ url }).claim('in-three', 60_000)).toMatchObject({ state: 'won' });
    expect(await client.exists('coinflow:webhook:{in-three}')).toBe(0);
    expect(await store({ url: `${redis.url}/3` }).claim('in-three', 60_000)).toEqual({ state: 'running' });
  });

  it('writes every key with the prefix', async () => {
    await client.flushAll();
    await store({ url: redis.url, prefix: 'shop:' }).claim('prefixed', 60_000);
    expect((await client.keys('*')).sort()).toEqual(['shop:webhook-fence:{prefixed}', 'shop:webhook:{prefixed}']);
    await client.flushAll();
  });

  it('rejects with the error reply of Redis', async () => {
    const admin = redis.url.replace('//', '//somebody:a-password@');
    await client.sendCommand(['ACL', 'SETUSER', 'somebody', 'on', '>a-password', '~*', '+ping', '+hello', '+client']);
    await expect(store({ url: admin }).claim('denied', 60_000)).rejects.toThrow(/^NOPERM/);
  });
});
