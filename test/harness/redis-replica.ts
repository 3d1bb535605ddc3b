import { afterEach } from '@jest/globals';
import type { CoinflowAuthModuleOptions } from 'nestjs-coinflow-auth';
import { redisSharedStore } from 'nestjs-coinflow-auth/redis';
import type { FakeCoinflow } from '../../libs/coinflow-auth/test-doubles/fake-coinflow.js';
import { TestInstance } from '../../libs/coinflow-auth/test-doubles/test-instance.js';

/** A timeout for Redis that is long enough for a busy machine. */
export const GENEROUS_MS = 1_000;

const running: (() => void)[] = [];

afterEach(() => {
  for (const close of running.splice(0)) close();
});

/** Starts a replica whose sessions are shared over Redis. It is closed after the test. */
export async function startReplica(
  coinflow: FakeCoinflow,
  redis: { url: string; timeoutMs?: number | undefined },
  options: Partial<CoinflowAuthModuleOptions> = {},
): Promise<TestInstance> {
  const { store = redisSharedStore({ timeoutMs: GENEROUS_MS, ...redis }) } = options;
  const replica = new TestInstance(coinflow, { ...options, store });
  await replica.sessions.sharedRevocations?.open();
  running.push(() => {
    replica.sessions.sharedRevocations?.close();
    void store.close?.();
  });
  return replica;
}
