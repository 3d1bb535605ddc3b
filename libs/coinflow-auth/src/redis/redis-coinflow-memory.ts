import type { CoinflowSharedStore } from '../options/shared-store.js';
import { RedisBudget } from './redis-budget.js';
import { COMMAND_TIMEOUT_MS, type RedisConnectionOptions } from './redis-client.js';
import { RedisConnection } from './redis-connection.js';
import { RedisRevocationBoard } from './redis-revocations.js';

/** Which Redis, and how long it may take. */
export type RedisCoinflowMemoryOptions = RedisConnectionOptions & {
  /**
   * After how many milliseconds a session key is decided about without Redis, from 1 to 1,000. For one that is far away; what is
   * new here waits as long.
   * @default 50
   */
  timeoutMs?: number;
};

/**
 * What the instances of an application share, in Redis: sessions that one of them has proven or obtained, the budget of calls,
 * and every revocation, which reaches all of them in less than a second. While Redis is away each instance goes by what it knows itself.
 *
 * Revocations should outlive everything else: give that Redis `maxmemory-policy volatile-lru`, which evicts sessions and leaves
 * them alone.
 * @throws {TypeError} when the options name no Redis, or two, or no sensible time
 * @example
 * cache: { store: redisCoinflowMemory({ url: 'redis://127.0.0.1:6379' }) }
 */
export function redisCoinflowMemory(options: RedisCoinflowMemoryOptions): CoinflowSharedStore {
  const { timeoutMs } = options;
  if (timeoutMs !== undefined && !(Number.isInteger(timeoutMs) && timeoutMs >= 1 && timeoutMs <= COMMAND_TIMEOUT_MS)) {
    throw new TypeError(`timeoutMs must be an integer from 1 to ${COMMAND_TIMEOUT_MS}`);
  }
  const redis = new RedisConnection(options);
  return {
    timeoutMs,
    get: (key) => redis.command('GET', key),
    set: (key, value, ttlMs) => redis.command('SET', key, value, 'PX', String(ttlMs)),
    delete: (key) => redis.command('DEL', key),
    revocations: new RedisRevocationBoard(redis),
    budget: new RedisBudget(redis),
    close: () => redis.close(),
  };
}
