import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { CheckId } from '../libs/coinflow-auth/src/doctor/check-result.js';
import { STORE_COMMANDS } from '../libs/coinflow-auth/src/doctor/redis-permissions.js';
import { createFolder, doctor, type DoctorRun } from './harness/doctor.js';
import { startTlsRedis } from './harness/redis-deployments.js';
import { RedisServer, describeWithRedis, hasOpenssl, type RedisClient } from './harness/redis-server.js';
import { freePort } from './harness/server-process.js';

const PAGE = readFileSync(new URL('../docs/operations/redis.md', import.meta.url), 'utf8');
const PASSWORD = 'canary_redis_p@ss/1';

/** The rules that the page lists for a Redis user, without its password. */
function documented(user: string): string[] {
  const line = PAGE.split('\n').find((one) => one.startsWith(`ACL SETUSER ${user} `)) ?? '';
  return line
    .split(' ')
    .slice(3)
    .filter((rule) => !rule.startsWith('>'));
}

const ALL = [...documented('coinflow-shared-store'), ...documented('coinflow-deliveries')];

describe('the commands that the doctor asks Redis about', () => {
  it.each([
    ['coinflow-shared-store', 'redis-shared-store'],
    ['coinflow-deliveries', 'redis-deliveries'],
  ] as const)('are those that the page lists for the user %s', (user, id) => {
    const granted = documented(user)
      .filter((rule) => rule.startsWith('+'))
      .map((rule) => rule.slice(1));
    // EVAL asks, and CLIENT SETNAME is sent when the doctor connects.
    const asked = [...STORE_COMMANDS[id]('key').map(([name]) => name), 'eval', 'client|setname'];
    expect(asked.sort()).toEqual(granted.sort());
  });
});

describe('the check of a Redis that is not there', () => {
  const STORES = ['redis-shared-store', 'redis-deliveries', 'redis-eviction'] as const;

  it('is skipped without a URL', async () => {
    const { check } = await doctor([]);
    for (const id of ['redis', ...STORES] as const) expect(check(id).status).toBe('skipped');
  });

  it('fails when nothing listens, and skips the rest', async () => {
    const { check } = await doctor(['--redis', `redis://user:canary@127.0.0.1:${await freePort()}`]);
    expect(check('redis')).toMatchObject({ status: 'failed', found: expect.stringContaining('ECONNREFUSED') });
    for (const id of STORES) expect(check(id)).toMatchObject({ status: 'skipped', found: 'no connection' });
  });

  it('fails for a REDIS_URL that is not a Redis URL, and does not print it', async () => {
    const { check, output } = await doctor([], { env: { REDIS_URL: 'http://canary:canary@host' } });
    expect(check('redis')).toMatchObject({ status: 'failed', advice: 'Correct REDIS_URL.' });
    expect(output).not.toContain('canary');
  });
});

describeWithRedis('the check of Redis (skipped without redis-server)', () => {
  let redis: RedisServer;
  let admin: RedisClient;

  beforeEach(async () => {
    Logger.overrideLogger(false);
    redis = await RedisServer.start();
    admin = await redis.connect();
  });

  afterEach(async () => {
    admin.destroy();
    await redis.kill();
  });

  /** The URL of a new user with these rules. */
  async function userWith(...rules: string[]): Promise<string> {
    await admin.sendCommand(['ACL', 'SETUSER', 'shop', 'on', `>${PASSWORD}`, ...rules]);
    return redis.url.replace('//', `//shop:${encodeURIComponent(PASSWORD)}@`);
  }
  const run = (url: string, ...args: string[]): Promise<DoctorRun> => doctor(args, { env: { REDIS_URL: url } });
  const statuses = ({ check }: DoctorRun): string[] =>
    (['redis', 'redis-shared-store', 'redis-deliveries', 'redis-eviction'] satisfies CheckId[]).map(
      (id) => check(id).status,
    );

  it('is ok with the default user and settings', async () => {
    const checked = await run(redis.url);
    expect(statuses(checked)).toEqual(['ok', 'ok', 'ok', 'ok']);
    expect(checked.check('redis').found).toMatch(new RegExp(`^127\\.0\\.0\\.1:${redis.port}, version \\d+\\.`));
  });

  it('sends no command that writes, and none that is not expected', async () => {
    await admin.sendCommand(['CONFIG', 'RESETSTAT']);
    await run(redis.url);
    const stats = await admin.info('commandstats');
    const sent = Array.from(stats.matchAll(/cmdstat_(\S+):calls/g), ([, command]) => command);
    expect(sent.sort()).toEqual(['client|setname', 'config|resetstat', 'eval', 'hello', 'info']);
    expect(await admin.info('persistence')).toContain('rdb_changes_since_last_save:0');
    expect(await admin.dbSize()).toBe(0);
  });

  it('needs no permissions but those of the stores, except for the eviction policy', async () => {
    const checked = await run(await userWith(...ALL));
    expect(statuses(checked)).toEqual(['ok', 'ok', 'ok', 'skipped']);
    expect(checked.check('redis').found).toMatch(/version \d/);
    expect(checked.check('redis-eviction').found).toContain('could not be checked');
  });

  it.each(['+info', '+config|get'])('reads the eviction policy with the permission %s alone', async (permission) => {
    const { check } = await run(await userWith(...ALL, permission));
    expect(check('redis-eviction')).toMatchObject({ status: 'ok', found: 'maxmemory-policy noeviction' });
  });

  it.each(['allkeys-lru', 'volatile-ttl'])('fails for the eviction policy %s', async (policy) => {
    await admin.configSet('maxmemory-policy', policy);
    const { exitCode, check } = await run(redis.url);
    expect(check('redis-eviction')).toMatchObject({
      status: 'failed',
      found: expect.stringContaining(policy),
      advice: 'Set maxmemory-policy noeviction.',
    });
    expect(exitCode).toBe(1);
  });

  it('fails for a wrong password, and prints neither it nor the URL', async () => {
    const url = await userWith(...ALL);
    const wrong = url.replace(encodeURIComponent(PASSWORD), 'canary_wrong');
    const { check, output } = await run(wrong);
    expect(check('redis')).toMatchObject({ status: 'failed', found: expect.stringContaining('WRONGPASS') });
    expect(check('redis').advice).toContain('password');
    expect(output).not.toContain('canary');
  });

  it('fails for a missing password', async () => {
    await admin.sendCommand(['ACL', 'SETUSER', 'default', `>${PASSWORD}`, 'resetpass', `>${PASSWORD}`]);
    const { check } = await run(redis.url);
    expect(check('redis').status).toBe('failed');
    expect(`${check('redis').found} ${check('redis').advice}`).toMatch(/NOAUTH.*password/);
  });

  it('names the commands that the user may not send, and how to grant them', async () => {
    const { exitCode, check } = await run(await userWith(...ALL, '-incr', '-sadd', '-publish'));
    expect(check('redis-shared-store')).toMatchObject({
      status: 'failed',
      found: 'the user may not send incr, publish',
    });
    expect(check('redis-deliveries')).toMatchObject({ status: 'failed', found: 'the user may not send sadd' });
    expect(check('redis-deliveries').advice).toContain('Grant +sadd');
    expect(exitCode).toBe(1);
  });

  it.each([
    ['coinflow-shared-store', ['ok', 'warning']],
    ['coinflow-deliveries', ['warning', 'ok']],
  ])('warns only when the user is the one that the page lists for one store: %s', async (user, expected) => {
    const [, ...checked] = statuses(await run(await userWith(...documented(user))));
    expect(checked.slice(0, 2)).toEqual(expected);
  });

  it('fails when a user for both stores lacks one command', async () => {
    const { exitCode, check } = await run(await userWith(...ALL, '-incr'));
    expect(check('redis-shared-store')).toMatchObject({ status: 'failed', found: 'the user may not send incr' });
    expect(check('redis-deliveries').status).toBe('ok');
    expect(exitCode).toBe(1);
  });

  it.each<[string, string[], string]>([
    ['EVAL', [...ALL, '-eval'], 'may not send eval'],
    ['the keys of the prefix', [...ALL, 'resetkeys', '~other:*'], 'no access to the keys'],
    ['the channels of the prefix', [...ALL, 'resetchannels'], 'may not send publish, subscribe'],
  ])('fails when the user lacks %s', async (_, rules, found) => {
    const { check } = await run(await userWith(...rules));
    expect(check('redis-shared-store').found).toContain(found);
    expect(check('redis-shared-store').status).not.toBe('ok');
  });

  it('asks for the keys of --redis-prefix', async () => {
    const url = await userWith(...ALL, 'resetkeys', '~shop:*', 'resetchannels', '&shop:*');
    expect(statuses(await run(url, '--redis-prefix', 'shop:'))).toEqual(['ok', 'ok', 'ok', 'skipped']);
    expect(statuses(await run(url))).toEqual(['ok', 'failed', 'failed', 'skipped']);
  });

  it('fails for a read-only replica', async () => {
    const replica = await RedisServer.start(['--replicaof', `127.0.0.1 ${redis.port}`]);
    const { check } = await run(replica.url);
    await replica.kill();
    expect(check('redis')).toMatchObject({ status: 'failed', found: expect.stringContaining('read-only replica') });
  });

  it('warns of a node of a cluster, and says why the rest could not be checked', async () => {
    const node = await RedisServer.start([
      '--cluster-enabled',
      'yes',
      '--cluster-config-file',
      'nodes.conf',
      '--dir',
      createFolder(),
    ]);
    const { check } = await run(node.url);
    await node.kill();
    expect(check('redis')).toMatchObject({ status: 'warning', found: expect.stringContaining('a node of a cluster') });
    expect(check('redis-deliveries')).toMatchObject({ status: 'skipped', found: 'could not be checked: CLUSTERDOWN' });
  });

  (hasOpenssl ? it : it.skip)('fails for a certificate of an unknown authority, and says how to trust it', async () => {
    const tls = await startTlsRedis();
    const { check } = await run(tls.url);
    await tls.kill();
    expect(check('redis')).toMatchObject({
      status: 'failed',
      found: expect.stringMatching(/CERT|SELF_SIGNED|UNABLE_TO/),
      advice: expect.stringContaining('NODE_EXTRA_CA_CERTS'),
    });
  });

  it('fails when Redis accepts connections and does not respond', async () => {
    redis.pause();
    const { check } = await run(redis.url);
    redis.resume();
    expect(check('redis').status).toBe('failed');
  });
});
