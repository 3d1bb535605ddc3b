import { Logger } from '@nestjs/common';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { redisSharedStore } from 'nestjs-coinflow-auth/redis';
import type { BudgetStore } from '../libs/coinflow-auth/src/options/budget-store.js';
import { ProcessBudgetStore } from '../libs/coinflow-auth/src/budget/budget-stores.js';
import { FakeCoinflow, TestInstance } from '../libs/coinflow-auth/test-doubles/fake-coinflow.js';
import { RedisServer, describeWithRedis, type RedisClient } from './harness/redis-server.js';

/** What every store of a budget does. */
function contract(name: string, open: () => BudgetStore): void {
  describe(name, () => {
    let store: BudgetStore;

    beforeEach(() => {
      store = open();
    });

    const takenOf = async (wishes: number, limit: number, windowMs = 60_000): Promise<number> => {
      const slots = await Promise.all(Array.from({ length: wishes }, () => store.take('name', limit, windowMs)));
      return slots.filter(({ taken }) => taken).length;
    };

    it('gives as many slots as a window has, however many wish at once', async () => {
      expect(await takenOf(100, 7)).toBe(7);
      expect(await takenOf(1, 7)).toBe(0);
    });

    it('counts each name by itself', async () => {
      expect(await takenOf(5, 3)).toBe(3);
      expect(await store.take('another', 3, 60_000)).toMatchObject({ taken: true });
    });

    it('says when the window ends, and begins another then', async () => {
      const { retryAfterMs } = await store.take('name', 1, 200);
      expect(retryAfterMs).toBeGreaterThan(100);
      expect(retryAfterMs).toBeLessThanOrEqual(200);
      const refused = await store.take('name', 1, 200);
      expect(refused).toMatchObject({ taken: false });
      expect(refused.retryAfterMs).toBeLessThanOrEqual(200);
      await new Promise((resolve) => setTimeout(resolve, refused.retryAfterMs + 20));
      expect(await takenOf(3, 2, 200)).toBe(2);
    });

    it('takes a slot back, and never more than were taken', async () => {
      expect(await takenOf(2, 2)).toBe(2);
      await store.giveBack('name');
      expect(await takenOf(2, 2)).toBe(1);
      for (let i = 0; i < 10; i += 1) await store.giveBack('name');
      expect(await takenOf(5, 2)).toBe(2);
      await store.giveBack('never taken');
    });

    it('of none gives none', async () => {
      expect(await takenOf(3, 0)).toBe(0);
    });
  });
}

contract('a budget in the process', () => new ProcessBudgetStore(100));

describeWithRedis('a budget in Redis (skipped without redis-server)', () => {
  let redis: RedisServer;
  let client: RedisClient;

  beforeAll(async () => {
    redis = await RedisServer.start();
    client = await redis.connect();
  });

  afterAll(async () => {
    client.destroy();
    await redis.kill();
  });

  beforeEach(async () => {
    Logger.overrideLogger(false);
    await client.flushAll();
  });

  // Over a connection that is there, and with time: a busy machine is no fault of Redis.
  const openStore = (): ReturnType<typeof redisSharedStore> => redisSharedStore({ client, timeoutMs: 1_000 });

  contract('as any other', () => {
    const { budget } = openStore();
    if (!budget) throw new TypeError('redisSharedStore() has no budget');
    return budget;
  });

  it('that somebody has made endless, or nonsense, ends or is left alone', async () => {
    const { budget } = openStore();
    await budget?.take('name', 1, 60_000);
    await client.set('coinflow:budget:name', '5');
    // Without an end it would never give a slot again.
    expect(await budget?.take('name', 1, 60_000)).toMatchObject({ taken: true });
    await client.set('coinflow:budget:name', '5', { PX: 120_000 });
    expect(await budget?.take('name', 1, 60_000)).toMatchObject({ taken: true });
    await client.set('coinflow:budget:name', 'nonsense', { PX: 60_000 });
    await expect(budget?.take('name', 1, 60_000)).rejects.toThrow();
  });

  describe('of several instances', () => {
    const NEW_KEYS = 15;
    let coinflow: FakeCoinflow;
    let instances: TestInstance[];

    beforeEach(() => {
      coinflow = new FakeCoinflow();
      const options = {
        budget: { verificationsPerMinute: 60, rejectionsPerClient: 0, newKeysPerClient: 1_000 },
      };
      instances = Array.from({ length: 3 }, () => new TestInstance(coinflow, { ...options, store: openStore() }));
    });

    /** How many of so many new keys are let in, on one instance after the other. */
    async function admitted(count: number, name: string): Promise<number> {
      let admitted = 0;
      for (let index = 0; index < count; index += 1) {
        const key = coinflow.key({ customerId: `${name}-${index}` });
        const decision = instances[index % 3]?.decide(key);
        await decision?.then(
          () => (admitted += 1),
          () => undefined,
        );
      }
      return admitted;
    }

    it('is one', async () => {
      expect(await admitted(60, 'first')).toBeLessThanOrEqual(NEW_KEYS);
      // The made-up key of each instance takes a slot, too.
      expect(coinflow.asked.length).toBeGreaterThanOrEqual(NEW_KEYS - instances.length);
      expect(await admitted(60, 'second')).toBe(0);
    });

    it('is each one’s own while Redis is away', async () => {
      await admitted(3, 'first');
      await redis.kill();
      try {
        const alone = await admitted(90, 'away');
        expect(alone).toBeGreaterThan(NEW_KEYS);
        expect(alone).toBeLessThanOrEqual(3 * NEW_KEYS);
      } finally {
        await redis.start();
      }
    });
  });
});
