import { Logger } from '@nestjs/common';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import KeyvRedis from '@keyv/redis';
import { Keyv } from 'keyv';
import type { CoinflowAuthModuleOptions } from 'nestjs-coinflow-auth';
import { redisSharedStore } from 'nestjs-coinflow-auth/redis';
import { DOWN, REJECT, FakeCoinflow } from '../libs/coinflow-auth/test-doubles/fake-coinflow.js';
import { TestInstance } from '../libs/coinflow-auth/test-doubles/test-instance.js';
import { RecordingLogger } from './harness/recording-logger.js';
import { GENEROUS_MS, startReplica } from './harness/redis-replica.js';
import { RedisServer, countCommands, describeWithRedis, type RedisClient } from './harness/redis-server.js';
import { until } from './harness/until.js';

const REVOKED = { code: 'COINFLOW_SESSION_REVOKED' };

describeWithRedis('what instances share over Redis', () => {
  let redis: RedisServer;
  /** A board for publishing notices that no replica receives. */
  let elsewhere: RedisServer;
  let admin: RedisClient;
  let coinflow: FakeCoinflow;
  let logger: RecordingLogger;

  beforeAll(async () => {
    [redis, elsewhere] = await Promise.all([RedisServer.start(), RedisServer.start()]);
    admin = await redis.connect();
  });

  afterAll(async () => {
    admin.destroy();
    await Promise.all([redis.kill(), elsewhere.kill()]);
  });

  beforeEach(async () => {
    if (!redis.isRunning) await redis.start();
    Logger.overrideLogger((logger = new RecordingLogger()));
    coinflow = new FakeCoinflow();
    await admin.sendCommand(['FLUSHALL']);
  });

  afterEach(() => {
    Logger.overrideLogger(false);
  });

  /** Starts a new replica. */
  function start(
    options: Partial<CoinflowAuthModuleOptions> = {},
    redisOptions: { url?: string; timeoutMs?: number | undefined } = {},
  ): Promise<TestInstance> {
    return startReplica(coinflow, { url: redis.url, ...redisOptions }, options);
  }

  /** The code with which the key is rejected; `undefined` if it is accepted. */
  const refusal = (one: TestInstance, key: string): Promise<string | undefined> =>
    one.decide(key).then(
      () => undefined,
      (error: { code: string }) => error.code,
    );

  const isRevokedIn = async (one: TestInstance, key: string): Promise<boolean> =>
    (await refusal(one, key)) === REVOKED.code;

  /** Waits until Redis is reachable and the replicas are connected again. */
  const isBack = (...instances: TestInstance[]): Promise<void> =>
    until(() => instances.every((one) => one.sessions.sharedRevocations?.isInformed));

  /** Everything that Redis contains. */
  async function dump(): Promise<string> {
    const names = await admin.keys('*');
    const dumps = names.map(async (name) => {
      const type = String(await admin.sendCommand(['TYPE', name]));
      const read = { string: ['GET', name], hash: ['HGETALL', name], zset: ['ZRANGE', name, '0', '-1'] }[type] ?? [];
      return [name, await admin.sendCommand(read)];
    });
    return JSON.stringify(await Promise.all(dumps));
  }

  it('verifies a key once for all replicas, and reuses a created key on all of them', async () => {
    const [one, other] = [await start(), await start()];
    const asked = coinflow.key({ customerId: 'bob' });
    await one.decide(asked);
    const { key } = await one.create('alice');
    await until(async () => (await admin.keys('coinflow:[sc]*')).length === 3);
    expect(await other.decidedBy(asked)).toBe('shared-cache');
    expect((await other.create('alice')).key).toBe(key);
    expect([coinflow.calls, coinflow.created]).toEqual([[asked], 1]);
    const [name = ''] = await admin.keys('coinflow:session:*');
    expect(Number(await admin.sendCommand(['PTTL', name]))).toBeGreaterThan(0);
  });

  describe('a revocation', () => {
    it('a revocation by key or by user reaches every replica, for cached, attested and reused keys', async () => {
      const [one, ...others] = [await start(), await start(), await start(), await start()];
      const plain = coinflow.key({ customerId: 'bob' });
      const { key, attestedKey = '' } = await one.create('alice');
      const kept = coinflow.key({ customerId: 'carol' });
      for (const other of others) for (const each of [plain, attestedKey, kept]) await other.decide(each);
      const reads = await countCommands(admin, 'hscan');
      expect(await one.revokeKey(plain)).toBe(true);
      expect(await one.revokeUser('alice')).toBe(true);
      for (const other of others) {
        await until(() => isRevokedIn(other, plain));
        await until(() => isRevokedIn(other, attestedKey));
        expect(await isRevokedIn(other, key)).toBe(true);
        expect(await refusal(other, kept)).toBeUndefined();
      }
      // By the message, within milliseconds. The list is read once a second, for messages that were lost.
      expect(await countCommands(admin, 'hscan')).toBe(reads);
      expect((await others[0]?.create('alice'))?.key).not.toBe(key);
    });

    it('a revocation is known to a replica that starts afterwards', async () => {
      const one = await start();
      const keys = Array.from({ length: 1_200 }, (_, i) => coinflow.key({ customerId: `user-${i}` }));
      for (const key of keys) await one.revokeKey(key);
      const late = await start();
      expect(late.sessions.revocations.size.revokedKeys).toBe(keys.length);
      for (const key of [keys[0], keys[600], keys.at(-1)]) expect(await isRevokedIn(late, key ?? '')).toBe(true);
    });

    it('a revocation is removed from Redis once the key has expired', async () => {
      const one = await start();
      const exp = Math.floor(Date.now() / 1_000) - 4;
      await one.revokeKey(coinflow.key({ exp }));
      await one.revokeKey(coinflow.key({ customerId: 'bob' }));
      await until(async () => (await dump()).includes(':ends'));
      await until(async () => Number(await admin.sendCommand(['ZCARD', await boardKey(':ends')])) === 1);
      // Without the keys that Redis has for itself.
      expect(Number(await admin.sendCommand(['HLEN', await boardKey()]))).toBe(3);
    });

    it('a replica whose clock is ahead does not remove a revocation from Redis', async () => {
      const one = await start();
      const key = coinflow.key();
      await one.revokeKey(key);
      const dayAhead = Date.now() + 25 * 3_600_000;
      const now = jest.spyOn(Date, 'now').mockReturnValue(dayAhead);
      const ahead = await start();
      await looksOf(one, ahead);
      now.mockRestore();
      await until(async () => isRevokedIn(await start(), key));
    });

    it('Redis keeps the revocation with the later end, whichever is published last', async () => {
      const { revocations, close: end } = redisSharedStore({ url: redis.url });
      const listener = { received: () => undefined, informed: () => undefined, published: () => [] };
      const feed = await revocations?.open('board', listener);
      const endsAt = Date.now() + 600_000;
      for (const [value, untilMs] of [
        ['first', endsAt],
        ['sooner', endsAt - 1],
      ] as const) {
        await feed?.publish({ name: 'name', value, untilMs });
      }
      expect(await admin.hGet(await boardKey(), 'name')).toBe('first');
      await feed?.publish({ name: 'name', value: 'later', untilMs: endsAt + 1 });
      expect(await admin.hGet(await boardKey(), 'name')).toBe('later');
      feed?.close();
      await end?.();
    });

    it('a revocation survives a flush of Redis', async () => {
      const [one, other] = [await start(), await start()];
      const key = coinflow.key();
      await one.revokeKey(key);
      await until(() => isRevokedIn(other, key));
      await admin.sendCommand(['FLUSHALL']);
      expect(await isRevokedIn(other, key)).toBe(true);
      await until(async () => (await dump()).includes(':ends'));
      const late = await start();
      expect(await isRevokedIn(late, key)).toBe(true);
    });

    it('a revocation survives a restart of Redis without its data', async () => {
      const [one, other] = [await start(), await start()];
      const [before, during] = [coinflow.key({ customerId: 'alice' }), coinflow.key({ customerId: 'bob' })];
      await one.revokeKey(before);
      await redis.kill();
      expect(await one.revokeKey(during)).toBe(false);
      expect(await isRevokedIn(one, during)).toBe(true);
      expect(await refusal(other, during)).toBeUndefined();
      await redis.start();
      await isBack(one, other);
      await until(() => isRevokedIn(other, during));
      const late = await start();
      await until(() => isRevokedIn(late, before));
      await until(() => isRevokedIn(late, during));
    });

    it('a revocation reaches a replica that was disconnected, once it reconnects', async () => {
      const [one, other] = [await start(), await start()];
      const key = coinflow.key();
      await other.decide(key);
      // No replica receives what is published now.
      for (let i = 0; i < 3; i += 1) {
        await admin.sendCommand(['CLIENT', 'KILL', 'TYPE', 'pubsub']);
        await one.revokeKey(key);
      }
      await until(() => isRevokedIn(other, key));
    });

    it('a revocation reaches a replica although its message was lost', async () => {
      const other = await start();
      const key = coinflow.key();
      await other.decide(key);
      const board = await boardKey();
      const [name, value] = await noticeOf(key);
      // Publishes a notice without its message.
      await admin.sendCommand(['HSET', board, name, value]);
      await admin.sendCommand(['ZADD', `${board}:ends`, String(Date.now() + 60_000), name]);
      await admin.sendCommand(['HINCRBY', board, 'count', '1']);
      await until(() => isRevokedIn(other, key));
    });

    it('a revocation applies during the rotation of seal keys, whichever key a replica has first', async () => {
      const [A, B] = [1, 2].map((byte) => Buffer.alloc(32, byte).toString('base64')) as [string, string];
      const before = await start({ sealKeys: [A] });
      const [first, second, third] = ['alice', 'bob', 'carol'].map((customerId) => coinflow.key({ customerId })) as [
        string,
        string,
        string,
      ];
      await before.revokeKey(first);
      const [appended, moved] = [await start({ sealKeys: [A, B] }), await start({ sealKeys: [B, A] })];
      await appended.revokeKey(second);
      await moved.revokeKey(third);
      const late = await start({ sealKeys: [B, A] });
      for (const one of [appended, moved, late]) {
        for (const key of [first, second, third]) await until(() => isRevokedIn(one, key));
        expect(one.sessions.sharedRevocations?.isInformed).toBe(true);
      }
      expect(logger.at('warn')).toEqual([]);
    });
  });

  describe('Redis', () => {
    it('a replica subscribes once Redis permits that', async () => {
      await admin.sendCommand(['ACL', 'SETUSER', 'default', 'resetchannels']);
      const one = await start();
      expect(one.sessions.sharedRevocations?.isInformed).toBe(false);
      await admin.sendCommand(['ACL', 'SETUSER', 'default', 'allchannels']);
      await isBack(one);
      const key = coinflow.key();
      await (await start()).revokeKey(key);
      await until(() => isRevokedIn(one, key));
      expect(await admin.sendCommand(['PUBSUB', 'CHANNELS'])).toHaveLength(1);
    });

    it('a Redis that rejects the password is logged once with the cause', async () => {
      const one = await start({}, { url: redis.url.replace('//', '//somebody:a-wrong-password@') });
      expect(await refusal(one, coinflow.key())).toBeUndefined();
      expect(one.sessions.sharedRevocations?.isInformed).toBe(false);
      const lines = logger.at('warn').filter((line) => line.includes('redis-unreachable'));
      expect(lines).toEqual([expect.stringContaining('Redis is unreachable: WRONGPASS')]);
      expect(JSON.stringify(logger)).not.toContain('a-wrong-password');
    });

    it('a replica starts while Redis is down: it serves, logs once that revocations are unknown, and reads them later', async () => {
      const one = await start();
      const key = coinflow.key();
      await one.revokeKey(key);
      await redis.kill();
      const late = await start();
      expect(late.sessions.sharedRevocations?.isInformed).toBe(false);
      expect(await refusal(late, coinflow.key({ customerId: 'bob' }))).toBeUndefined();
      const warnings = () => logger.at('warn').filter((line) => line.includes('revocations-unavailable'));
      // `one` has lost its connection, too.
      await until(() => warnings().length === 2);
      await new Promise((resolve) => setTimeout(resolve, 2_100));
      expect(warnings()).toHaveLength(2);
      await redis.start();
      await isBack(one, late);
      await until(() => isRevokedIn(late, key));
      expect(logger.at('log').filter((line) => line.includes('revocations-available'))).toHaveLength(2);
    });

    it('a Redis that does not answer delays no request, and revocations of that time arrive later', async () => {
      const [one, other] = [await start({}, { timeoutMs: undefined }), await start()];
      const key = coinflow.key();
      redis.pause();
      try {
        const startedAt = performance.now();
        for (let i = 0; i < 20; i += 1) await one.decide(coinflow.key({ customerId: `user-${i}` }));
        // 50 ms for each of those that opened the breaker.
        expect(performance.now() - startedAt).toBeLessThan(5_000);
        expect(await one.revokeKey(key)).toBe(false);
        expect(await isRevokedIn(one, key)).toBe(true);
      } finally {
        redis.resume();
      }
      await until(() => isRevokedIn(other, key));
    });

    it('a full Redis stores nothing, and no request is rejected for it', async () => {
      const [one, other] = [await start(), await start()];
      const key = coinflow.key({ customerId: 'bob' });
      await admin.sendCommand(['CONFIG', 'SET', 'maxmemory', '1']);
      try {
        expect(await refusal(one, coinflow.key())).toBeUndefined();
        expect(await one.revokeKey(key)).toBe(false);
        expect(await isRevokedIn(one, key)).toBe(true);
        // The entries can still be read.
        await looksOf(one, other);
        for (const each of [one, other]) expect(each.sessions.sharedRevocations?.isInformed).toBe(true);
      } finally {
        await admin.sendCommand(['CONFIG', 'SET', 'maxmemory', '0']);
      }
      await until(() => isRevokedIn(other, key));
    });
  });

  describe('an attacker who reads and writes Redis', () => {
    it('an attacker finds no session key, no user and no address in Redis', async () => {
      const one = await start();
      const { key } = await one.create('alice-in-wonderland', { clientIp: '203.0.113.77' });
      const asked = coinflow.key({ customerId: 'bob-the-builder' });
      await one.decide(asked);
      await one.revokeKey(asked);
      await one.revokeUser('alice-in-wonderland');
      await until(async () => (await dump()).includes('coinflow:created:'));
      const stolen = await dump();
      const decoded = Buffer.from(stolen.replace(/[^\w-]/g, ''), 'base64url').toString('latin1');
      for (const secret of [key, asked, 'alice', 'bob', '203.0.113', 'ours']) {
        expect(stolen + decoded).not.toContain(secret);
      }
    });

    it('an attacker cannot revoke with entries that this application has not sealed, and cannot authenticate', async () => {
      const [one, other] = [await start(), await start()];
      const [key, foreign] = [coinflow.key(), coinflow.key({ customerId: 'bob' })];
      await one.decide(key);
      const board = await boardKey();
      const [name, value] = await noticeOf(foreign);
      const [theirName, theirValue] = await noticeOf(coinflow.key(), { merchantId: 'theirs' });
      const forged = [
        [name, 'garbage'],
        ['name', value],
        [theirName, theirValue],
        ['', ''],
        [name, JSON.stringify({ key: 'a', untilMs: null })],
      ];
      for (const [field = '', text = ''] of forged) {
        await admin.sendCommand(['HSET', board, field, text]);
        for (const message of [`1 ${field} ${text}`, `${field} ${text}`, text, `NaN ${text}`]) {
          await admin.publish(board, message);
        }
      }
      await admin.sendCommand(['HSET', board, 'count', '1000']);
      await looksOf(one, other);
      expect(other.sessions.revocations.size).toEqual({ revokedKeys: 0, revokedSubjects: 0 });
      expect((await start()).sessions.revocations.size).toEqual({ revokedKeys: 0, revokedSubjects: 0 });
      expect(await refusal(other, key)).toBeUndefined();
      coinflow.response = REJECT;
      expect(await refusal(other, foreign)).toBe('COINFLOW_SESSION_REJECTED');
    });

    it('an attacker can delay a revocation by deleting it, only for replicas that do not know it yet', async () => {
      const [one, other] = [await start(), await start()];
      const key = coinflow.key();
      await one.revokeKey(key);
      await until(() => isRevokedIn(other, key));
      await admin.sendCommand(['DEL', await boardKey()]);
      expect(await isRevokedIn(one, key)).toBe(true);
      expect(await isRevokedIn(other, key)).toBe(true);
      // As when Redis evicts it: the replica that has published it notices, and publishes it again.
      await until(async () => (await admin.hLen(await boardKey())) === 3);
      expect(await isRevokedIn(await start(), key)).toBe(true);
    });
  });

  it.each([
    ['in memory', () => new Keyv()],
    ['in Redis, by @keyv/redis', () => new Keyv(new KeyvRedis(redis.url))],
  ])('shares sessions over a Keyv: %s', async (_where, newKeyv) => {
    const store = Object.assign(newKeyv(), { timeoutMs: GENEROUS_MS });
    const set = jest.spyOn(store, 'set');
    const written = (): Promise<unknown> => Promise.all(set.mock.results.map(({ value }) => value));
    const asked = coinflow.key({ customerId: 'bob' });
    const [one, other] = [0, 1].map(() => new TestInstance(coinflow, { store }));
    await one?.decide(asked);
    await written();
    expect(await other?.decidedBy(asked)).toBe('shared-cache');
    const { key } = (await one?.create('alice')) ?? {};
    await written();
    expect((await other?.create('alice'))?.key).toBe(key);
    expect([coinflow.calls, coinflow.created]).toEqual([[asked], 1]);
    expect(await one?.revokeKey(asked)).toBe(false);
    await store.disconnect();
  });

  it('shares sessions over a client of the application, and does not close it', async () => {
    const client = await redis.connect();
    const store = redisSharedStore({ client });
    const one = new TestInstance(coinflow, { store });
    await one.sessions.sharedRevocations?.open();
    const key = coinflow.key();
    expect(await one.revokeKey(key)).toBe(true);
    one.sessions.sharedRevocations?.close();
    await store.close?.();
    expect(await client.ping()).toBe('PONG');
    client.destroy();
    expect(await isRevokedIn(await start(), key)).toBe(true);
  });

  it('accepts a session that another replica has verified while Coinflow is down', async () => {
    const one = await start();
    const key = coinflow.key();
    await one.decide(key);
    await until(async () => (await dump()).includes('coinflow:session:'));
    coinflow.response = DOWN;
    expect(await (await start()).decide(key)).toMatchObject({ key });
  });

  /** Waits until each replica has read the list twice, and no other command is running. */
  async function looksOf(...instances: TestInstance[]): Promise<void> {
    const scripts = (): Promise<number> => countCommands(admin, 'eval');
    const before = await scripts();
    await until(async () => (await scripts()) >= before + 3 * instances.length);
  }

  async function boardKey(suffix = ''): Promise<string> {
    const names = await admin.keys('coinflow:revocations:*');
    const board = names.map((name) => name.replace(/:ends$/, ''))[0] ?? '';
    return board + suffix;
  }

  /** The notice that revokes a key. */
  async function noticeOf(
    key: string,
    options: Partial<CoinflowAuthModuleOptions> = {},
  ): Promise<[name: string, value: string]> {
    const reader = await elsewhere.connect();
    await reader.flushAll();
    await (await start(options, { url: elsewhere.url })).revokeKey(key);
    const [board = ''] = (await reader.keys('coinflow:revocations:*:ends')).map((one) => one.replace(':ends', ''));
    const notices = Object.entries(await reader.hGetAll(board)).filter(([name]) => name.length === 43);
    const [[name, value] = ['', '']] = notices;
    reader.destroy();
    return [name, value];
  }
});
