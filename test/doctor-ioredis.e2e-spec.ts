import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { RedisServer, describeWithRedis } from './harness/redis-server.js';
import { freePort } from './harness/server-process.js';

// @redis/client is not installed for the code under test, but the harness of these tests uses it.
jest.unstable_mockModule('@redis/client', () => {
  throw new Error("Cannot find package '@redis/client'");
});

const { checkRedis } = await import('../libs/coinflow-auth/src/doctor/redis-checks.js');

describeWithRedis('the check of Redis with ioredis (skipped without redis-server)', () => {
  let redis: RedisServer;

  beforeEach(async () => {
    redis = await RedisServer.start(['--requirepass', 'canary']);
  });

  afterEach(() => redis.kill());

  it('is ok when only ioredis is installed', async () => {
    const results = await checkRedis(redis.url.replace('//', '//:canary@'));
    expect(results.map(({ status }) => status)).toEqual(['ok', 'ok', 'ok', 'ok']);
  });

  it.each([
    ['a wrong password', '//:canary-wrong@', 'WRONGPASS'],
    ['no password', '//', 'NOAUTH'],
  ])('fails for %s', async (_, credentials, code) => {
    const [server] = await checkRedis(redis.url.replace('//', credentials));
    expect(server).toMatchObject({ status: 'failed', found: `127.0.0.1:${redis.port}: ${code}` });
  });

  it('fails when nothing listens', async () => {
    const [server] = await checkRedis(`redis://127.0.0.1:${await freePort()}`);
    expect(server).toMatchObject({ status: 'failed', found: expect.stringContaining('ECONNREFUSED') });
  });
});
