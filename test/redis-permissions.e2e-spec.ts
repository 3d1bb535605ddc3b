import { readFileSync } from 'node:fs';
import { Logger } from '@nestjs/common';
import { afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { redisSharedStore, redisDeliveryStore } from 'nestjs-coinflow-auth/redis';
import { RedisServer, describeWithRedis, type RedisClient } from './harness/redis-server.js';
import { until } from './harness/until.js';

const PAGE = readFileSync(new URL('../docs/operations/redis.md', import.meta.url), 'utf8');

/** The rules that the page lists for a Redis user. */
function documented(user: string): string[] {
  const line = PAGE.split('\n').find((one) => one.startsWith(`ACL SETUSER ${user} `)) ?? '';
  return line.split(' ').slice(3);
}

interface Subpath {
  redisSharedStore: typeof redisSharedStore;
  redisDeliveryStore: typeof redisDeliveryStore;
}

/** Loads the subpath with one version of node-redis, which it uses for a url. */
async function load(version: 5 | 6): Promise<Subpath> {
  jest.resetModules();
  if (version === 6) jest.unstable_mockModule('@redis/client', () => import('node-redis-6'));
  return import('nestjs-coinflow-auth/redis');
}

describeWithRedis('the Redis permissions in the documentation (skipped without redis-server)', () => {
  describe.each([5, 6] as const)('for node-redis %d', permissions);
});

function permissions(version: 5 | 6): void {
  let library: Subpath;
  let redis: RedisServer;
  let admin: RedisClient;
  const close: (() => unknown)[] = [];

  beforeAll(async () => {
    library = await load(version);
  });

  beforeEach(async () => {
    Logger.overrideLogger(false);
    redis = await RedisServer.start();
    admin = await redis.connect();
  });

  afterEach(async () => {
    for (const one of close.splice(0).reverse()) await one();
    admin.destroy();
    await redis.kill();
  });

  async function useDeliveries(url: string): Promise<void> {
    const store = library.redisDeliveryStore({ url });
    close.push(() => store.close?.());
    await store.open?.();
    const claim = await store.claim('id', 60_000);
    if (claim.state !== 'won') throw new Error('The claim was not won');
    await store.renew('id', claim.token, 60_000);
    await store.complete('id', claim.token, 60_000);
    await store.forget('id');
  }

  async function useSharedStore(url: string): Promise<void> {
    const store = library.redisSharedStore({ url });
    close.push(() => store.close?.());
    await store.set('coinflow:session:a', 'value', 60_000);
    await store.get('coinflow:session:a');
    await store.delete('coinflow:session:a');
    await store.budget?.take('name', 10, 60_000);
    await store.budget?.giveBack('name');
    const received: string[] = [];
    const informed: boolean[] = [];
    const feed = await store.revocations?.open('board', {
      received: ({ name }) => received.push(name),
      informed: (isInformed) => informed.push(isInformed),
      published: () => [],
    });
    close.push(() => feed?.close());
    await feed?.publish({ name: 'over', value: 'sealed', untilMs: 1 });
    await until(() => received.includes('over'));
    await until(async () => (await admin.zCard('coinflow:revocations:{board}:ends')) === 0);
    expect(informed).not.toContain(false);
  }

  it.each<[string, (url: string) => Promise<void>]>([
    ['coinflow-deliveries', useDeliveries],
    ['coinflow-shared-store', useSharedStore],
  ])('documents exactly the permissions that the user %s needs', async (user, use) => {
    const rules = documented(user);
    await admin.sendCommand(['ACL', 'SETUSER', user, ...rules]);
    const [password = ''] = rules.filter((rule) => rule.startsWith('>')).map((rule) => rule.slice(1));
    await admin.sendCommand(['CONFIG', 'RESETSTAT']);
    await use(redis.url.replace('//', `//${user}:${password}@`));
    expect(await admin.sendCommand(['ACL', 'LOG'])).toEqual([]);
    // No other command failed.
    expect(await admin.info('errorstats')).not.toContain('errorstat_');
    const stats = (await admin.info('commandstats')).matchAll(/cmdstat_(\S+):calls/g);
    // The commands of this test itself, and AUTH, which needs no permission.
    const others = ['auth', 'acl|log', 'config|resetstat', 'info', 'zcard', 'acl|setuser', 'hello'];
    const used = Array.from(stats, ([, command = '']) => command).filter(
      (command) => !/^client\|setinfo/.test(command),
    );
    const granted = rules.filter((rule) => rule.startsWith('+')).map((rule) => rule.slice(1));
    expect(granted.sort()).toEqual(used.filter((command) => !others.includes(command)).sort());
  });
}
