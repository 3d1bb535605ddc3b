import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { RecordingLogger } from '../../../../test/harness/recording-logger.js';

jest.unstable_mockModule('@redis/client', () => {
  throw new Error("Cannot find package '@redis/client'");
});

const { redisSharedStore, redisDeliveryStore } = await import('./index.js');

const NOT_INSTALLED = { code: 'COINFLOW_MISCONFIGURED', reason: 'redis-not-installed' };
const url = 'redis://127.0.0.1:6379';
let logger: RecordingLogger;

beforeEach(() => {
  Logger.overrideLogger((logger = new RecordingLogger()));
});

afterEach(() => {
  Logger.overrideLogger(false);
});

it('rejects commands to a url without node-redis as a misconfiguration, and logs once what to install', async () => {
  const deliveries = redisDeliveryStore({ url });
  for (let i = 0; i < 2; i += 1) await expect(deliveries.claim('id', 1_000)).rejects.toMatchObject(NOT_INSTALLED);
  await deliveries.open?.();
  expect(deliveries.isAvailable).toBe(false);
  expect(logger.at('error')).toEqual([expect.stringContaining('npm install @redis/client')]);
  await deliveries.close?.();
});

it('rejects to open the revocations of a shared store with a url when node-redis is not installed', async () => {
  const store = redisSharedStore({ url });
  const listener = { received: () => undefined, informed: () => undefined, published: () => [] };
  await expect(store.revocations?.open('board', listener)).rejects.toMatchObject(NOT_INSTALLED);
  await store.close?.();
});

it('sends commands over an ioredis client when node-redis is not installed', async () => {
  const replies: unknown[] = [['won', 'token', 1], 1];
  const client = { status: 'ready', isCluster: false, call: () => Promise.resolve(replies.shift()) };
  const deliveries = redisDeliveryStore({ client });
  expect(await deliveries.claim('id', 1_000)).toEqual({ state: 'won', token: 'token', fencingToken: 1 });
  await deliveries.close?.();
  expect(logger.at('error')).toEqual([]);
});
