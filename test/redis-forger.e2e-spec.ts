import { createHash } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { CoinflowAuthModuleOptions } from 'nestjs-coinflow-auth';
import { redisSharedStore } from 'nestjs-coinflow-auth/redis';
import { REJECT, FakeCoinflow } from '../libs/coinflow-auth/test-doubles/fake-coinflow.js';
import type { TestInstance } from '../libs/coinflow-auth/test-doubles/test-instance.js';
import { GENEROUS_MS, startReplica } from './harness/redis-replica.js';
import { RedisServer, describeWithRedis, type RedisClient } from './harness/redis-server.js';
import { until } from './harness/until.js';

const MINUTE_MS = 60_000;
const ADDRESS = '203.0.113.77';
const [OURS, THEIRS] = [1, 2].map((byte) => [Buffer.alloc(32, byte).toString('base64')]);

describeWithRedis('an attacker with access to Redis (skipped without redis-server)', () => {
  let redis: RedisServer;
  let admin: RedisClient;
  let coinflow: FakeCoinflow;

  beforeAll(async () => {
    redis = await RedisServer.start();
    admin = await redis.connect();
  });

  afterAll(async () => {
    admin.destroy();
    await redis.kill();
  });

  beforeEach(async () => {
    Logger.overrideLogger(false);
    coinflow = new FakeCoinflow();
    await admin.flushAll();
  });

  /** Starts a new replica. */
  function start(options: Partial<CoinflowAuthModuleOptions> = {}): Promise<TestInstance> {
    return startReplica(coinflow, { url: redis.url }, { sealKeys: OURS, ...options });
  }

  /** The code with which the key is rejected; `undefined` if it is accepted. */
  const refusal = (one: TestInstance, key: string, maxAgeMs?: number): Promise<string | undefined> =>
    one.decide(key, maxAgeMs).then(
      () => undefined,
      (error: { code: string }) => error.code,
    );

  const unreadable = (one: TestInstance): number => one.sessions.sharedCache?.statistics.unreadable ?? 0;

  /** Waits until Redis has so many entries of this kind. */
  async function namesOf(kind: string, count: number): Promise<string[]> {
    let names: string[] = [];
    await until(async () => (names = await admin.keys(`coinflow:${kind}:*`)).length === count);
    return names;
  }

  describe('reading Redis', () => {
    /** Everything that Redis contains. */
    async function stolen(): Promise<string> {
      const reads = (await admin.keys('*')).map(async (name) => {
        const type = await admin.type(name);
        const read = { string: ['GET', name], hash: ['HGETALL', name], zset: ['ZRANGE', name, '0', '-1'] }[type];
        if (!read) throw new Error(`There is a ${type} that this test does not read`);
        return [name, await admin.sendCommand(read)];
      });
      return JSON.stringify(await Promise.all(reads));
    }

    /** The forms in which a text can be found: plain, encoded, and as a digest that can be compared with guesses. */
    function forms(secret: string): string[] {
      const bytes = [
        Buffer.from(secret),
        ...['sha256', 'sha1', 'md5'].map((one) => createHash(one).update(secret).digest()),
      ];
      return [
        secret,
        ...bytes.flatMap((one) => (['hex', 'base64', 'base64url', 'latin1'] as const).map((as) => one.toString(as))),
      ];
    }

    it('an attacker who reads Redis finds no session key, no user and no address, in no encoding', async () => {
      const budget = { verificationsPerMinute: 100, rejectionsPerClient: 10 };
      const one = await start({ budget });
      const { key, attestedKey = '' } = await one.create('alice-in-wonderland', { clientIp: ADDRESS });
      const [asked, refused] = [coinflow.key({ customerId: 'bob-the-builder' }), coinflow.key({ customerId: 'eve' })];
      await one.verify(asked, Infinity, ADDRESS);
      await one.verify(asked, 0, ADDRESS);
      coinflow.response = REJECT;
      await expect(one.verify(refused, Infinity, ADDRESS)).rejects.toMatchObject({
        code: 'COINFLOW_SESSION_REJECTED',
      });
      await one.revokeKey(asked);
      await one.revokeUser('alice-in-wonderland');
      await namesOf('created', 1);
      const text = await stolen();
      for (const kind of ['session', 'created', 'budget', 'revocations']) expect(text).toContain(`coinflow:${kind}:`);
      const decoded = (text.match(/[\w-]{16,}/g) ?? []).map((word) =>
        Buffer.from(word, 'base64url').toString('latin1'),
      );
      const everything = [text, ...decoded].join('\n');
      const secrets = [key, asked, refused, attestedKey, 'alice-in-wonderland', 'bob-the-builder', ADDRESS];
      const subjects = ['user:alice-in-wonderland', `${ADDRESS} user:alice-in-wonderland`];
      for (const secret of [...secrets, ...subjects]) {
        for (const form of forms(secret)) expect(everything.includes(form)).toBe(false);
      }
      expect(everything).not.toMatch(/alice|bob-the|203\.0\.113/);
    });
  });

  describe('writing to Redis', () => {
    /** What an attacker can write in place of an entry, given other entries of its kind. */
    const FORGERIES: [string, (value: string, others: { another: string; theirs: string }) => string][] = [
      ['nonsense', () => 'nonsense'],
      ['nothing', () => ''],
      [
        'JSON',
        () => JSON.stringify({ subject: { kind: 'user', userId: 'alice' }, holdsMs: null, createdUntilMs: null }),
      ],
      ['cut short', (value) => value.slice(0, -8)],
      ['longer', (value) => `${value}AAAA`],
      ['much too long', () => 'A'.repeat(1_000_000)],
      ['that of another key', (_, { another }) => another],
      ['sealed with another key', (_, { theirs }) => theirs],
    ];

    describe.each(FORGERIES)('an entry that is %s', (_, forge) => {
      it('a forged entry does not authenticate a key that Coinflow rejects, and is counted', async () => {
        const mallory = coinflow.key({ customerId: 'mallory' });
        await (await start({ sealKeys: THEIRS })).decide(mallory);
        const [theirName = ''] = await namesOf('session', 1);
        const theirs = (await admin.get(theirName)) ?? '';
        await admin.flushAll();
        await (await start()).decide(mallory);
        const [another = ''] = await namesOf('session', 1);
        const key = coinflow.key();
        await (await start()).decide(key);
        const name = (await namesOf('session', 2)).find((one) => one !== another) ?? '';
        const forged = forge((await admin.get(name)) ?? '', { another: (await admin.get(another)) ?? '', theirs });
        await admin.set(name, forged);
        coinflow.response = REJECT;
        const one = await start();
        const before = unreadable(one);
        expect(await refusal(one, key)).toBe('COINFLOW_SESSION_REJECTED');
        expect(unreadable(one)).toBe(before + 1);
      });

      it('a forged entry does not return the key of another user, and is counted', async () => {
        await (await start({ sealKeys: THEIRS })).create('alice');
        const [theirName = ''] = await namesOf('created', 1);
        const theirs = (await admin.get(theirName)) ?? '';
        await admin.flushAll();
        await (await start()).create('mallory');
        const [another = ''] = await namesOf('created', 1);
        await (await start()).create('alice');
        const name = (await namesOf('created', 2)).find((one) => one !== another) ?? '';
        const forged = forge((await admin.get(name)) ?? '', { another: (await admin.get(another)) ?? '', theirs });
        await admin.set(name, forged);
        const one = await start();
        expect(await one.create('alice')).toMatchObject({ subject: { userId: 'alice' } });
        expect(coinflow.created).toBe(4);
        expect(unreadable(one)).toBe(1);
      });

      it('a forged entry revokes no key and no user, and is counted', async () => {
        const notices = async (): Promise<Record<string, string>> => {
          const [board = ''] = (await admin.keys('coinflow:revocations:*:ends')).map((one) => one.replace(':ends', ''));
          return Object.fromEntries(Object.entries(await admin.hGetAll(board)).filter(([name]) => name.length === 43));
        };
        const [key, bob] = [coinflow.key(), coinflow.key({ customerId: 'bob' })];
        const their = await start({ sealKeys: THEIRS });
        for (const revoke of [() => their.revokeKey(key), () => their.revokeUser('bob')])
          expect(await revoke()).toBe(true);
        const [theirs = ''] = Object.values(await notices());
        their.sessions.sharedRevocations?.close();
        await admin.flushAll();
        const ours = await start();
        for (const revoke of [() => ours.revokeKey(key), () => ours.revokeUser('bob')])
          expect(await revoke()).toBe(true);
        const [[first, second], board] = [Object.entries(await notices()), await boardKey()];
        if (!first || !second) throw new Error('Two revocations were published');
        // Otherwise it would publish its notices again.
        ours.sessions.sharedRevocations?.close();
        for (const [[name, value], [, another]] of [
          [first, second],
          [second, first],
        ] as const) {
          await admin.hSet(board, name, forge(value, { another, theirs }));
        }
        const one = await start();
        expect([await refusal(one, key), await refusal(one, bob)]).toEqual([undefined, undefined]);
        expect(unreadable(one)).toBe(2);
        // As a message as well.
        await admin.publish(board, `9 ${first[0]} ${forge(first[1], { another: second[1], theirs })}`);
        await until(() => unreadable(one) >= 3);
        expect(one.sessions.sharedRevocations?.isInformed).toBe(true);
      });
    });

    it('an attacker cannot extend a session by writing an older entry again', async () => {
      const store = redisSharedStore({ url: redis.url, timeoutMs: GENEROUS_MS });
      // It is in Redis too briefly to be read from there.
      const set = jest.spyOn(store, 'set');
      const key = coinflow.key();
      await (await start({ cache: { ttlMs: 100 }, store })).decide(key);
      await until(() => set.mock.results.length > 0);
      await set.mock.results[0]?.value;
      const [name = '', value = ''] = set.mock.calls[0] ?? [];
      expect(name).toMatch(/^coinflow:session:/);
      await until(async () => (await admin.exists(name)) === 0);
      await admin.set(name, value);
      coinflow.response = REJECT;
      expect(await refusal(await start(), key)).toBe('COINFLOW_SESSION_REJECTED');
    });

    it('an attacker cannot undo a revocation by writing an older entry again', async () => {
      const one = await start();
      const key = coinflow.key();
      await one.decide(key);
      const [name = ''] = await namesOf('session', 1);
      const value = (await admin.get(name)) ?? '';
      await one.revokeKey(key);
      await namesOf('session', 0);
      await admin.set(name, value);
      expect(await refusal(await start(), key)).toBe('COINFLOW_SESSION_REVOKED');
    });

    it('an attacker cannot block requests with values of another type', async () => {
      const one = await start();
      const key = coinflow.key();
      await one.decide(key);
      await one.revokeKey(coinflow.key({ customerId: 'bob' }));
      await namesOf('session', 1);
      for (const name of await admin.keys('*')) {
        await admin.del(name);
        await admin.lPush(name, 'x');
      }
      expect(await refusal(await start(), key)).toBeUndefined();
      expect(await one.revokeKey(coinflow.key({ customerId: 'carol' }))).toBe(false);
    });

    describe('counts of the budget', () => {
      const NEW_KEYS = 15;
      const LIMITED = 'COINFLOW_BUDGET_EXHAUSTED';
      const budget = { verificationsPerMinute: 60, rejectionsPerClient: 0, newKeysPerClient: 1_000 };

      /** Uses the budget once, then overwrites its counts. @returns the results of twenty new keys and of one known key */
      async function decideAfter(forge: (name: string) => Promise<unknown>): Promise<(string | undefined)[]> {
        const one = await start({ budget });
        const known = coinflow.key({ customerId: 'known' });
        await one.decide(known);
        for (const name of await admin.keys('coinflow:budget:*')) await forge(name);
        const codes: (string | undefined)[] = [];
        for (let i = 0; i < 20; i += 1) codes.push(await refusal(one, coinflow.key({ customerId: `new-${i}` })));
        expect(await refusal(one, known)).toBeUndefined();
        return codes;
      }

      const times = <T>(count: number, code: T): T[] => Array.from({ length: count }, () => code);

      it.each<[string, (name: string) => Promise<unknown>]>([
        ['nonsense', (name) => admin.set(name, 'nonsense', { PX: MINUTE_MS })],
        ['nothing', (name) => admin.set(name, '', { PX: MINUTE_MS })],
        ['a fraction', (name) => admin.set(name, '0.5', { PX: MINUTE_MS })],
        ['of another type', async (name) => (await admin.del(name)) && admin.lPush(name, '1')],
        ['that never ends', (name) => admin.set(name, '1000')],
        ['that ends in a year', (name) => admin.set(name, '1000', { PX: 365 * 1_440 * MINUTE_MS })],
      ])(
        'an attacker cannot change the budget with %s: it is counted in the process, or from the start',
        async (_what, forge) => {
          expect(await decideAfter(forge)).toEqual([...times(NEW_KEYS, undefined), ...times(5, LIMITED)]);
        },
      );

      it('an attacker can use up the budget of new keys, which are answered with a Retry-After within a minute', async () => {
        expect(await decideAfter((name) => admin.set(name, '1000', { PX: MINUTE_MS }))).toEqual(times(20, LIMITED));
        const error: unknown = await (
          await start({ budget })
        )
          .decide(coinflow.key())
          .catch((thrown: unknown) => thrown);
        expect((error as { retryAfterMs: number }).retryAfterMs).toBeLessThanOrEqual(MINUTE_MS);
      });

      it.each<[string, (name: string) => Promise<unknown>]>([
        ['taken away', (name) => admin.del(name)],
        ['below nothing', (name) => admin.set(name, '-1000', { PX: MINUTE_MS })],
      ])(
        "an attacker can allow more calls than the budget with counts that are %s, up to Coinflow's own limit",
        async (_what, forge) => {
          const codes = await decideAfter(forge);
          expect(codes.slice(0, NEW_KEYS)).toEqual(times(NEW_KEYS, undefined));
        },
      );
    });
  });

  async function boardKey(): Promise<string> {
    const [ends = ''] = await admin.keys('coinflow:revocations:*:ends');
    return ends.replace(':ends', '');
  }
});
