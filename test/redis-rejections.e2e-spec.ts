import { Logger } from '@nestjs/common';
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { ACCEPT, DOWN, REJECT, FakeCoinflow } from '../libs/coinflow-auth/test-doubles/fake-coinflow.js';
import type { TestInstance } from '../libs/coinflow-auth/test-doubles/test-instance.js';
import { startReplica } from './harness/redis-replica.js';
import { RedisServer, describeWithRedis, type RedisClient } from './harness/redis-server.js';
import { until } from './harness/until.js';

const UNAVAILABLE = { code: 'COINFLOW_UNAVAILABLE' };

describeWithRedis('rejections by Coinflow, over Redis', () => {
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
    await admin.sendCommand(['FLUSHALL']);
  });

  const start = (): Promise<TestInstance> => startReplica(coinflow, { url: redis.url });

  const isUnavailable = (one: TestInstance, key: string): Promise<boolean> =>
    one.decide(key).then(
      () => false,
      ({ code }: { code: string }) => code === UNAVAILABLE.code,
    );

  async function reject(one: TestInstance, key: string): Promise<void> {
    coinflow.response = REJECT;
    await expect(one.decide(key, 0)).rejects.toMatchObject({ code: 'COINFLOW_SESSION_REJECTED' });
    coinflow.response = DOWN;
  }

  it('a rejection ends the sessions in the caches of other replicas, of plain and attested keys', async () => {
    const [one, other] = [await start(), await start()];
    const plain = coinflow.key({ customerId: 'bob' });
    const { key, attestedKey = '' } = await one.create('alice');
    coinflow.know(key);
    await other.decide(plain);
    await other.decide(attestedKey);
    for (const each of [plain, key]) await reject(one, each);
    for (const each of [plain, attestedKey, key]) await until(() => isUnavailable(other, each));
    // It means "ask again": with a newer acceptance each replica accepts the key again.
    coinflow.response = ACCEPT;
    for (const each of [plain, attestedKey]) await expect(other.decide(each)).resolves.toMatchObject({});
  });

  it('a rejection is known to a replica that starts later, and names neither the key nor the user', async () => {
    const one = await start();
    const plain = coinflow.key({ customerId: 'canary-user' });
    await one.decide(plain);
    await reject(one, plain);
    const late = await start();
    expect(await isUnavailable(late, plain)).toBe(true);
    const [board = ''] = await admin.keys('coinflow:revocations:*}');
    const notices = JSON.stringify(await admin.sendCommand(['HGETALL', board]));
    expect(notices).toMatch(/[\w-]{43}/);
    for (const secret of ['canary', ...plain.split('.').filter((part) => part.length > 8)]) {
      expect(notices).not.toContain(secret);
    }
  });

  it('a rejection that this application has not sealed is ignored', async () => {
    const one = await start();
    const keys = [coinflow.key(), coinflow.key({ customerId: 'bob' })] as const;
    for (const key of keys) await one.decide(key);
    await reject(one, keys[0]);
    const [board = ''] = await admin.keys('coinflow:revocations:*}');
    const entries = (await admin.sendCommand(['HGETALL', board])) as unknown as string[];
    const at = entries.findIndex((entry, index) => index % 2 === 0 && entry.length === 43);
    // The notice under another name, as an attacker with write access could publish it.
    await admin.publish(board, `${Date.now()} ${'A'.repeat(43)} ${entries[at + 1] ?? ''}`);
    await until(() => (one.sessions.sharedCache?.statistics.unreadable ?? 0) > 0);
    expect(one.verify(keys[1])).toMatchObject({ subject: { userId: 'bob' } });
  });
});
