import { Logger } from '@nestjs/common';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { redisSharedStore } from 'nestjs-coinflow-auth/redis';
import type { BudgetStore } from '../libs/coinflow-auth/src/options/store-contracts.js';
import { ProcessBudgetStore } from '../libs/coinflow-auth/src/budget/budget-stores.js';
import { FakeCoinflow } from '../libs/coinflow-auth/test-doubles/fake-coinflow.js';
import { TestInstance } from '../libs/coinflow-auth/test-doubles/test-instance.js';
import { RedisServer, describeWithRedis, type RedisClient } from './harness/redis-server.js';

/** The behaviour of every store of a budget. */
function contract(name: string, open: () => BudgetStore): void {
  describe(name, () => {
    let store: BudgetStore;

    beforeEach(() => {
      store = open();
    });

    const takenOf = async (count: number, limit: number, windowMs = 60_000): Promise<number> => {
      const slots = await Promise.all(Array.from({ length: count }, () => store.take('name', limit, windowMs)));
      return slots.filter(({ taken }) => taken).length;
    };

    it('a budget store gives as many slots as a window has, also to concurrent calls', async () => {
      expect(await takenOf(100, 7)).toBe(7);
      expect(await takenOf(1, 7)).toBe(0);
    });

    it('a budget store counts each name separately', async () => {
      expect(await takenOf(5, 3)).toBe(3);
      expect(await store.take('another', 3, 60_000)).toMatchObject({ taken: true });
    });

    it('a budget store returns when the window ends, and starts another one then', async () => {
      const { retryAfterMs } = await store.take('name', 1, 1_000);
      expect(retryAfterMs).toBeGreaterThan(500);
      expect(retryAfterMs).toBeLessThanOrEqual(1_000);
      const refused = await store.take('name', 1, 1_000);
      expect(refused).toMatchObject({ taken: false });
      expect(refused.retryAfterMs).toBeLessThanOrEqual(1_000);
      await new Promise((resolve) => setTimeout(resolve, refused.retryAfterMs + 20));
      expect(await takenOf(3, 2, 1_000)).toBe(2);
    });

    it('a budget store accepts a slot back, but not more than were taken', async () => {
      expect(await takenOf(2, 2)).toBe(2);
      await store.giveBack('name');
      expect(await takenOf(2, 2)).toBe(1);
      for (let i = 0; i < 10; i += 1) await store.giveBack('name');
      expect(await takenOf(5, 2)).toBe(2);
      await store.giveBack('never taken');
    });

    it('a budget store gives no slot if the limit is 0', async () => {
      expect(await takenOf(3, 0)).toBe(0);
    });
  });
}

contract('a budget store in the process', () => new ProcessBudgetStore(100));

describeWithRedis('a budget store in Redis (skipped without redis-server)', () => {
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

  // Over an open connection and with a long timeout: on a busy machine Redis may be slow.
  const openStore = (): ReturnType<typeof redisSharedStore> => redisSharedStore({ client, timeoutMs: 1_000 });

  contract('under the contract of budget stores', () => {
    const { budget } = openStore();
    if (!budget) throw new TypeError('redisSharedStore() has no budget');
    return budget;
  });

  it('starts a new window for a counter without a valid expiry, and rejects a counter that is no number', async () => {
    const { budget } = openStore();
    await budget?.take('name', 1, 60_000);
    await client.set('coinflow:budget:name', '5');
    // Without an expiry no slot would ever be given again.
    expect(await budget?.take('name', 1, 60_000)).toMatchObject({ taken: true });
    await client.set('coinflow:budget:name', '5', { PX: 120_000 });
    expect(await budget?.take('name', 1, 60_000)).toMatchObject({ taken: true });
    await client.set('coinflow:budget:name', 'nonsense', { PX: 60_000 });
    await expect(budget?.take('name', 1, 60_000)).rejects.toThrow();
  });

  describe('shared by several replicas', () => {
    const NEW_KEYS = 15;
    let coinflow: FakeCoinflow;
    let replicas: TestInstance[];

    beforeEach(() => {
      coinflow = new FakeCoinflow();
      const options = {
        budget: { verificationsPerMinute: 60, rejectionsPerClient: 0, newKeysPerClient: 1_000 },
      };
      replicas = Array.from({ length: 3 }, () => new TestInstance(coinflow, { ...options, store: openStore() }));
    });

    /** How many of so many new keys are accepted, on one replica after the other. */
    async function accepted(count: number, name: string): Promise<number> {
      let accepted = 0;
      for (let index = 0; index < count; index += 1) {
        const key = coinflow.key({ customerId: `${name}-${index}` });
        const decision = replicas[index % 3]?.decide(key);
        await decision?.then(
          () => (accepted += 1),
          () => undefined,
        );
      }
      return accepted;
    }

    it('replicas with a shared budget get as many calls together as one replica has', async () => {
      expect(await accepted(60, 'first')).toBeLessThanOrEqual(NEW_KEYS);
      // The endpoint probe of each replica takes a slot, too.
      expect(coinflow.calls.length).toBeGreaterThanOrEqual(NEW_KEYS - replicas.length);
      expect(await accepted(60, 'second')).toBe(0);
    });

    it('each replica counts its budget separately while Redis is down', async () => {
      await accepted(3, 'first');
      await redis.kill();
      try {
        const alone = await accepted(90, 'down');
        expect(alone).toBeGreaterThan(NEW_KEYS);
        expect(alone).toBeLessThanOrEqual(3 * NEW_KEYS);
      } finally {
        await redis.start();
      }
    });
  });
});
