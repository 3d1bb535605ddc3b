import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { Logger } from '@nestjs/common';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import * as nodeRedis5 from '@redis/client';
import * as ioredis5 from 'ioredis';
import * as ioredis6 from 'ioredis-6';
import * as nodeRedis6 from 'node-redis-6';
import type { DeliveryStore } from 'nestjs-coinflow-auth';
import {
  redisSharedStore,
  redisDeliveryStore,
  type IoredisLike,
  type NodeRedisLike,
  type RedisConnectionOptions,
} from 'nestjs-coinflow-auth/redis';
import { FakeCoinflow } from '../libs/coinflow-auth/test-doubles/fake-coinflow.js';
import { TestInstance } from '../libs/coinflow-auth/test-doubles/test-instance.js';
import { RecordingLogger } from './harness/recording-logger.js';
import { RedisCluster } from './harness/redis-deployments.js';
import { RedisServer, describeWithRedis } from './harness/redis-server.js';
import { TcpProxy } from './harness/tcp-proxy.js';
import { until } from './harness/until.js';

const LEASE_MS = 60_000;
/** A client of node-redis or ioredis that is not connected yet. */
type ApplicationClient = (NodeRedisLike | IoredisLike) & {
  on(event: 'error', listener: () => void): unknown;
  connect(): Promise<unknown>;
} & ({ destroy(): unknown } | { disconnect(): unknown });

const LISTENER = { received: () => undefined, informed: () => undefined, published: () => [] };

describeWithRedis('connections to Redis (skipped without redis-server)', () => {
  let logger: RecordingLogger;
  const opened: (() => unknown)[] = [];

  beforeEach(() => {
    Logger.overrideLogger((logger = new RecordingLogger()));
  });

  afterEach(async () => {
    for (const close of opened.splice(0).reverse()) await close();
    Logger.overrideLogger(false);
  });

  function opens<T extends { close?(): unknown } | { kill(): unknown } | { destroy(): unknown }>(one: T): T {
    opened.push(() => ('kill' in one ? one.kill() : 'destroy' in one ? one.destroy() : one.close?.()));
    return one;
  }

  async function startProxy(connect = byUrl): Promise<{ redis: RedisServer; proxy: TcpProxy; store: DeliveryStore }> {
    const redis = opens(await RedisServer.start());
    const proxy = opens(await TcpProxy.start(redis.port));
    const store = opens(redisDeliveryStore(await connect(`redis://127.0.0.1:${proxy.port}`)));
    return { redis, proxy, store };
  }

  const byUrl = (url: string): Promise<RedisConnectionOptions> => Promise.resolve({ url });

  /** Connects a client of the application. */
  async function connected(client: ApplicationClient): Promise<RedisConnectionOptions> {
    opened.push(() => ('destroy' in client ? client.destroy() : client.disconnect()));
    client.on('error', () => undefined);
    await client.connect();
    return { client };
  }

  const isClaimed = (store: DeliveryStore, id: string): Promise<boolean> =>
    store.claim(id, LEASE_MS).then(
      ({ state }) => state === 'won',
      () => false,
    );

  it.each<[string, (url: string) => Promise<RedisConnectionOptions>]>([
    ['a connection to a url', byUrl],
    ['a client of node-redis 5', (url) => connected(nodeRedis5.createClient({ url }))],
    ['a client of node-redis 6', (url) => connected(nodeRedis6.createClient({ url }))],
    ['a pool of node-redis 5', (url) => connected(nodeRedis5.createClientPool({ url }, { minimum: 3 }))],
    ['a pool of node-redis 6', (url) => connected(nodeRedis6.createClientPool({ url }, { minimum: 3 }))],
    ['a client of ioredis 5', (url) => connected(new ioredis5.Redis(url, { lazyConnect: true }))],
    ['a client of ioredis 6', (url) => connected(new ioredis6.Redis(url, { lazyConnect: true }))],
  ])('leaves a primary that a planned failover has demoted over %s', async (_, connect) => {
    const { redis, proxy, store } = await startProxy(connect);
    expect(await isClaimed(store, 'before')).toBe(true);
    const next = opens(await RedisServer.start());
    const admin = await redis.connect();
    await admin.sendCommand(['REPLICAOF', '127.0.0.1', String(next.port)]);
    admin.destroy();
    proxy.target = next.port;
    await expect(store.claim('during', LEASE_MS)).rejects.toMatchObject({
      name: 'RedisUnreachableError',
      cause: { message: expect.stringMatching(/^READONLY/) },
    });
    await until(() => isClaimed(store, 'after'));
    // Each client of a pool leaves it.
    let attempt = 0;
    await until(async () => {
      attempt += 1;
      const claims = await Promise.all(['a', 'b', 'c', 'd'].map((id) => isClaimed(store, `${id}${attempt}`)));
      return claims.every(Boolean);
    });
    expect(logger.at('warn')).toEqual([expect.stringContaining('Redis is unreachable: READONLY')]);
  });

  it('replaces a connection after two timeouts', async () => {
    const { proxy, store } = await startProxy();
    expect(await isClaimed(store, 'before')).toBe(true);
    proxy.silence();
    // Concurrent timeouts count as one, because Redis may only be slow.
    const results = await Promise.allSettled(['a', 'b', 'c'].map((id) => store.claim(id, LEASE_MS)));
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(logger.at('warn')).toEqual([]);
    await expect(store.claim('d', LEASE_MS)).rejects.toThrow('Redis is unreachable');
    await until(() => isClaimed(store, 'after'));
    expect(logger.at('warn')).toEqual([expect.stringContaining('No response within 1000 ms')]);
  });

  it('rejects commands to a server that accepts connections but does not respond', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const store = opens(redisDeliveryStore({ url: `redis://127.0.0.1:${port}` }));
    await expect(store.claim('silent', LEASE_MS)).rejects.toThrow('Redis is unreachable');
    expect(logger.at('warn')).toEqual([expect.stringContaining('No response within 1000 ms')]);
    silent.close();
  });

  it.each<[string, (url: string) => Promise<RedisConnectionOptions>]>([
    ['a connection to a url', byUrl],
    ['a node-redis client', (url) => connected(nodeRedis5.createClient({ url }))],
    ['an ioredis client', (url) => connected(new ioredis5.Redis(url, { lazyConnect: true }))],
  ])('reconnects %s at most once a second while Redis stays read-only', async (_, connect) => {
    const { redis, store } = await startProxy(connect);
    const admin = await redis.connect();
    await admin.sendCommand(['REPLICAOF', '127.0.0.1', '1']);
    for (let i = 0; i < 20; i += 1) await expect(store.claim('read-only', LEASE_MS)).rejects.toThrow('is unreachable');
    const opened = Number(/total_connections_received:(\d+)/.exec(await admin.info('stats'))?.[1]);
    expect(opened).toBeLessThan(10);
    admin.destroy();
  });

  it('names its connections in CLIENT LIST', async () => {
    const redis = opens(await RedisServer.start());
    const admin = await redis.connect();
    const shared = opens(redisSharedStore({ url: redis.url }));
    opens((await shared.revocations?.open('board', LISTENER)) ?? {});
    await opens(redisDeliveryStore({ url: redis.url })).claim('named', LEASE_MS);
    const names = String(await admin.sendCommand(['CLIENT', 'LIST'])).match(/(?<= name=)coinflow\S+/g);
    expect(names?.sort()).toEqual(['coinflow-deliveries', 'coinflow-shared-store', 'coinflow-shared-store-subscriber']);
    admin.destroy();
  });

  describe('of a single-Redis client to a cluster', () => {
    let cluster: RedisCluster;

    beforeAll(async () => {
      cluster = await RedisCluster.start();
    });

    afterAll(() => cluster.kill());

    it.each<[string, (node: RedisServer) => Promise<RedisConnectionOptions>]>([
      ['a connection to a url', (node) => Promise.resolve({ url: node.url })],
      ['a client of the application', async (node) => ({ client: opens(await node.connect()) })],
    ])('logs once as a misconfiguration that %s reaches a cluster, and what to do', async (_, optionsFor) => {
      const [node] = cluster.nodes;
      if (!node) throw new Error('The cluster has no node');
      const options = await optionsFor(node);
      const deliveries = opens(redisDeliveryStore(options));
      const ids = Array.from({ length: 20 }, (_, i) => `delivery-${i}`);
      const claims = await Promise.allSettled(ids.map((id) => deliveries.claim(id, LEASE_MS)));
      const codes = claims.flatMap((claim) =>
        claim.status === 'rejected' ? [(claim.reason as { code: string }).code] : [],
      );
      expect(codes.length).toBeGreaterThan(0);
      expect(new Set(codes)).toEqual(new Set(['COINFLOW_MISCONFIGURED']));
      const shared = opens(redisSharedStore(options));
      const coinflow = new FakeCoinflow();
      const replica = new TestInstance(coinflow, { store: shared });
      for (const customerId of ids) {
        const session = await replica.decide(coinflow.key({ customerId }));
        expect(session.subject).toEqual({ kind: 'user', userId: customerId });
      }
      expect(logger.at('error')).toEqual([expect.stringMatching(/redis-is-cluster\] Pass the client of a cluster/)]);
      expect(logger.at('warn').join()).not.toContain('[redis-');
    });
  });
});
