import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import * as nodeRedis5 from '@redis/client';
import * as ioredis5 from 'ioredis';
import * as ioredis6 from 'ioredis-6';
import * as nodeRedis6 from 'node-redis-6';
import type { DeliveryStore } from 'nestjs-coinflow-auth';
import { redisSharedStore, redisDeliveryStore, type IoredisLike, type NodeRedisLike } from 'nestjs-coinflow-auth/redis';
import { deliveryStoreContract } from './delivery-store-contract.js';
import { FakeCoinflow } from '../libs/coinflow-auth/test-doubles/fake-coinflow.js';
import { TestInstance } from '../libs/coinflow-auth/test-doubles/test-instance.js';
import { RedisCluster, RedisSentinel } from './harness/redis-deployments.js';
import { startCluster } from './harness/redis-failovers.js';
import { RedisServer, countCommands, describeWithRedis } from './harness/redis-server.js';
import { until } from './harness/until.js';

type Client = NodeRedisLike | IoredisLike;
/** A client and a function that closes it. */
type Opened = [client: Client, close: () => unknown];

/** `written()` resolves once everything that the replica has written is in Redis. */
type Replica = TestInstance & { written: () => Promise<unknown> };

const GENEROUS_MS = 1_000;

/** Connects a client and adds a listener for errors, as an application does. */
async function connected<
  T extends Client & { on(event: 'error', listener: () => void): unknown; connect(): Promise<unknown> },
>(client: T, close: (client: T) => unknown): Promise<Opened> {
  client.on('error', () => undefined);
  await client.connect();
  return [client, () => close(client)];
}

describeWithRedis('the Redis clients that an application can pass (skipped without redis-server)', () => {
  let redis: RedisServer;
  let cluster: RedisCluster;
  const close: (() => unknown)[] = [];

  beforeAll(async () => {
    [redis, cluster] = await Promise.all([RedisServer.start(), RedisCluster.start()]);
  });

  afterAll(() => Promise.all([redis.kill(), cluster.kill()]));

  beforeEach(() => {
    Logger.overrideLogger(false);
  });

  afterEach(async () => {
    for (const one of close.splice(0).reverse()) await one();
  });

  /** Deletes all data of every server. */
  const flushAll = (): Promise<unknown> =>
    Promise.all(
      [redis, ...cluster.nodes].map(async (server) => {
        const admin = await server.connect();
        await admin.flushAll();
        admin.destroy();
      }),
    );

  /** The number of `MOVED` replies of all nodes. */
  async function moved(): Promise<number> {
    const counts = cluster.nodes.map(async (node) => {
      const admin = await node.connect();
      const stats = await admin.info('errorstats');
      admin.destroy();
      return Number(/errorstat_MOVED:count=(\d+)/.exec(stats)?.[1] ?? 0);
    });
    return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
  }

  const rootNodes = () => cluster.nodes.map(({ url }) => ({ url }));
  const addresses = () => cluster.nodes.map(({ port }) => ({ host: '127.0.0.1', port }));
  const lazy = { lazyConnect: true };

  const SINGLE: [string, () => Promise<Opened>][] = [
    ['a client of node-redis 5', () => connected(nodeRedis5.createClient({ url: redis.url }), (it) => it.destroy())],
    ['a client of node-redis 6', () => connected(nodeRedis6.createClient({ url: redis.url }), (it) => it.destroy())],
    ['a client of ioredis 5', () => connected(new ioredis5.Redis(redis.url, lazy), (it) => it.disconnect())],
    ['a client of ioredis 6', () => connected(new ioredis6.Redis(redis.url, lazy), (it) => it.disconnect())],
  ];
  const CLUSTERS: [string, () => Promise<Opened>][] = [
    [
      'a cluster of node-redis 5',
      () => connected(nodeRedis5.createCluster({ rootNodes: rootNodes() }), (it) => it.destroy()),
    ],
    [
      'a cluster of node-redis 6',
      () => connected(nodeRedis6.createCluster({ rootNodes: rootNodes() }), (it) => it.destroy()),
    ],
    ['a cluster of ioredis 5', () => connected(new ioredis5.Cluster(addresses(), lazy), (it) => it.disconnect())],
    ['a cluster of ioredis 6', () => connected(new ioredis6.Cluster(addresses(), lazy), (it) => it.disconnect())],
  ];
  const POOLS: [string, () => Promise<Opened>][] = [
    ['a pool of node-redis 5', () => connected(nodeRedis5.createClientPool({ url: redis.url }), (it) => it.destroy())],
    ['a pool of node-redis 6', () => connected(nodeRedis6.createClientPool({ url: redis.url }), (it) => it.destroy())],
  ];

  async function deliveriesOf(open: () => Promise<Opened>): Promise<DeliveryStore> {
    const [client, end] = await open();
    close.push(end);
    const store = redisDeliveryStore({ client });
    close.push(() => store.close?.());
    await store.open?.();
    expect(store.isAvailable).toBe(true);
    return store;
  }

  /** Starts a replica with its own client. */
  async function replicaOf(coinflow: FakeCoinflow, open: () => Promise<Opened>, prefix?: string): Promise<Replica> {
    const [client, end] = await open();
    close.push(end);
    const store = redisSharedStore({ client, prefix, timeoutMs: GENEROUS_MS });
    const set = jest.spyOn(store, 'set');
    const written = (): Promise<unknown> => Promise.all(set.mock.results.map(({ value }) => value));
    const replica = Object.assign(new TestInstance(coinflow, { store }), { written });
    await replica.sessions.sharedRevocations?.open();
    close.push(() => {
      replica.sessions.sharedRevocations?.close();
      return store.close?.();
    });
    return replica;
  }

  const isRevokedIn = (replica: TestInstance, key: string): Promise<boolean> =>
    replica.decide(key).then(
      () => false,
      (error: { code: string }) => error.code === 'COINFLOW_SESSION_REVOKED',
    );

  describe.each([...SINGLE, ...CLUSTERS, ...POOLS])('%s', (_, open) => {
    let client: Client;
    let end: () => unknown;

    beforeAll(async () => {
      [client, end] = await open();
    });

    afterAll(async () => {
      await end();
    });

    deliveryStoreContract(() => redisDeliveryStore({ client }), delay, flushAll);
  });

  it.each([...SINGLE, ...CLUSTERS])('shares sessions and revocations over %s', async (_, open) => {
    const coinflow = new FakeCoinflow();
    const movedBefore = await moved();
    const [one, other] = [await replicaOf(coinflow, open), await replicaOf(coinflow, open)];
    for (const each of [one, other]) expect(each.sessions.sharedRevocations?.isInformed).toBe(true);
    for (let i = 0; i < 10; i += 1) {
      const key = coinflow.key({ customerId: randomUUID() });
      await one.decide(key);
      await one.written();
      expect(await other.decidedBy(key)).toBe('shared-cache');
      expect(await one.revokeKey(key)).toBe(true);
      await until(() => isRevokedIn(other, key));
    }
    // Every command went to the node that has its key.
    expect(await moved()).toBe(movedBefore);
  });

  it('connects an ioredis client with lazyConnect at its first command', async () => {
    const client = new ioredis5.Redis(redis.url, lazy);
    close.push(() => client.disconnect());
    expect(await redisDeliveryStore({ client }).claim(randomUUID(), 60_000)).toMatchObject({ state: 'won' });
  });

  it.each<[string, object]>([
    ['does not retry', { retryStrategy: () => null }],
    ['does not subscribe again', { autoResubscribe: false }],
  ])('receives revocations over an ioredis client that %s', async (_, options) => {
    const coinflow = new FakeCoinflow();
    const impatient = { ...lazy, enableOfflineQueue: false, ...options };
    const open = (): Promise<Opened> => connected(new ioredis5.Redis(redis.url, impatient), (it) => it.disconnect());
    const [one, other] = [await replicaOf(coinflow, open), await replicaOf(coinflow, open)];
    for (const each of [one, other]) expect(each.sessions.sharedRevocations?.isInformed).toBe(true);
    const admin = await redis.connect();
    const subscribers = async (): Promise<number> =>
      String(await admin.sendCommand(['CLIENT', 'LIST', 'TYPE', 'pubsub']))
        .split('\n')
        .filter(Boolean).length;
    for (let i = 0; i < 2; i += 1) {
      const key = coinflow.key({ customerId: randomUUID() });
      await one.decide(key);
      await other.decide(key);
      await one.revokeKey(key);
      await until(() => isRevokedIn(other, key));
      await admin.sendCommand(['CLIENT', 'KILL', 'TYPE', 'pubsub']);
      await until(async () => (await subscribers()) === 2);
    }
    await until(() => other.sessions.sharedRevocations?.isInformed);
    admin.destroy();
  });

  it('shares sessions and revocations under the key prefix of an ioredis client and the prefix option', async () => {
    const coinflow = new FakeCoinflow();
    const open = (): Promise<Opened> =>
      connected(new ioredis5.Redis(redis.url, { ...lazy, keyPrefix: 'ours:' }), (it) => it.disconnect());
    const admin = await redis.connect();
    await admin.flushAll();
    const [one, other] = [await replicaOf(coinflow, open, 'shop:'), await replicaOf(coinflow, open, 'shop:')];
    const key = coinflow.key();
    await one.decide(key);
    await one.written();
    expect(await other.decidedBy(key)).toBe('shared-cache');
    const reads = await countCommands(admin, 'hscan');
    await one.revokeKey(key);
    await until(() => isRevokedIn(other, key));
    // Received as a message: the stored revocations are read only after a message was lost.
    expect(await countCommands(admin, 'hscan')).toBe(reads);
    const names = await admin.keys('*');
    expect(names.filter((name) => !name.startsWith('ours:shop:'))).toEqual([]);
    expect(await admin.sendCommand(['PUBSUB', 'CHANNELS', 'shop:revocations:*'])).toHaveLength(1);
    admin.destroy();
  });

  it('sends commands to the new primary over every cluster client after a primary was killed', async () => {
    const redundant = await startCluster();
    close.push(() => redundant.kill());
    const { cluster: addressesOfAll } = redundant.address;
    const root = addressesOfAll.map(({ port }) => ({ url: `redis://127.0.0.1:${port}` }));
    const stores = await Promise.all(
      [
        () => connected(nodeRedis5.createCluster({ rootNodes: root }), (it) => it.destroy()),
        () => connected(nodeRedis6.createCluster({ rootNodes: root }), (it) => it.destroy()),
        () => connected(new ioredis5.Cluster(addressesOfAll, lazy), (it) => it.disconnect()),
        () => connected(new ioredis6.Cluster(addressesOfAll, lazy), (it) => it.disconnect()),
      ].map(deliveriesOf),
    );
    await redundant.killPrimary();
    // The killed primary had the slots of some of them.
    const claimAll = (store: DeliveryStore): Promise<unknown> =>
      Promise.all(Array.from({ length: 20 }, () => store.claim(randomUUID(), 60_000)));
    const isBack = (store: DeliveryStore): Promise<boolean> => claimAll(store).then(Boolean, () => false);
    for (const store of stores) await until(() => isBack(store));
  });

  it.each(POOLS)('rejects %s for a shared store, because it has no pub/sub', async (_, open) => {
    const [client, end] = await open();
    close.push(end);
    expect(() => redisSharedStore({ client })).toThrow(
      new TypeError('client is a node-redis pool, which has no pub/sub: pass a client, a cluster or a sentinel'),
    );
  });

  it.each(POOLS)('does not send a command after its timeout over %s', async (_, open) => {
    const store = await deliveriesOf(open);
    await redis.kill();
    // The first command may be sent before the loss of the connection is detected.
    await expect(store.claim('first', 60_000)).rejects.toMatchObject({ name: 'RedisUnreachableError' });
    await expect(store.claim('late', 60_000)).rejects.toMatchObject({
      cause: { message: 'No response within 1000 ms' },
    });
    await redis.start();
    // A queued command would be sent before this one.
    await until(() => store.claim(randomUUID(), 60_000).then(Boolean, () => false));
    expect(await store.claim('late', 60_000)).toMatchObject({ state: 'won' });
  });

  describe.each<[string, (sentinel: RedisSentinel) => Promise<Opened>]>([
    [
      'a sentinel of node-redis 5',
      (sentinel) =>
        connected(
          nodeRedis5.createSentinel({
            name: sentinel.name,
            sentinelRootNodes: [{ host: '127.0.0.1', port: sentinel.sentinel.port }],
          }),
          (it) => it.destroy(),
        ),
    ],
    [
      'a sentinel of node-redis 6',
      (sentinel) =>
        connected(
          nodeRedis6.createSentinel({
            name: sentinel.name,
            sentinelRootNodes: [{ host: '127.0.0.1', port: sentinel.sentinel.port }],
          }),
          (it) => it.destroy(),
        ),
    ],
    [
      'an ioredis 5 client with sentinels',
      (sentinel) => bySentinels((options) => new ioredis5.Redis(options), sentinel),
    ],
    [
      'an ioredis 6 client with sentinels',
      (sentinel) => bySentinels((options) => new ioredis6.Redis(options), sentinel),
    ],
  ])('%s', (_, open) => {
    it('uses the new primary after a failover and receives revocations from it', async () => {
      const sentinel = await RedisSentinel.start();
      close.push(() => sentinel.kill());
      const coinflow = new FakeCoinflow();
      const opens = () => open(sentinel);
      const [one, other] = [await replicaOf(coinflow, opens), await replicaOf(coinflow, opens)];
      const deliveries = await deliveriesOf(opens);
      const [before, after] = [0, 1].map(() => coinflow.key({ customerId: randomUUID() })) as [string, string];
      expect(await one.revokeKey(before)).toBe(true);
      await until(() => isRevokedIn(other, before));
      await sentinel.failover();
      await until(() =>
        deliveries.claim(randomUUID(), 60_000).then(
          ({ state }) => state === 'won',
          () => false,
        ),
      );
      await until(() => one.revokeKey(after));
      await until(() => isRevokedIn(other, after));
      await until(() => other.sessions.sharedRevocations?.isInformed);
    });
  });
});

interface SentinelOptions {
  sentinels: { host: string; port: number }[];
  name: string;
  lazyConnect: boolean;
  sentinelRetryStrategy: () => number;
}

function bySentinels(
  create: (options: SentinelOptions) => ioredis5.Redis | ioredis6.Redis,
  { name, sentinel }: RedisSentinel,
): Promise<Opened> {
  const sentinels = [{ host: '127.0.0.1', port: sentinel.port }];
  const client = create({ sentinels, name, lazyConnect: true, sentinelRetryStrategy: () => 100 });
  return connected(client as ioredis5.Redis, (it) => it.disconnect());
}
