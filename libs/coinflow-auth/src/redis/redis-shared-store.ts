import type { CoinflowSharedStore } from '../options/shared-store.js';
import { RedisBudget } from './redis-budget.js';
import { RedisConnection } from './redis-connection.js';
import { COMMAND_TIMEOUT_MS } from './redis-errors.js';
import { prefixOf, type RedisConnectionOptions } from './redis-options.js';
import { RedisRevocationBoard } from './redis-revocations.js';

/** Which Redis, and how long it may take. */
export type RedisSharedStoreOptions = RedisConnectionOptions & {
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
 * Set `maxmemory-policy noeviction` for that Redis: a revocation that is evicted is unknown to a replica that starts later.
 * @throws {TypeError} when the options name no Redis, or two, or no sensible time; for a pool, which has no pub/sub
 * @example
 * store: redisSharedStore({ url: 'redis://127.0.0.1:6379' })
 */
export function redisSharedStore(options: RedisSharedStoreOptions): CoinflowSharedStore {
  const { timeoutMs } = options;
  if (timeoutMs !== undefined && !(Number.isInteger(timeoutMs) && timeoutMs >= 1 && timeoutMs <= COMMAND_TIMEOUT_MS)) {
    throw new TypeError(`timeoutMs must be an integer from 1 to ${COMMAND_TIMEOUT_MS}`);
  }
  const prefix = prefixOf(options);
  const keyOf = (key: string): string => key.replace(/^coinflow:/, () => prefix);
  const redis = new RedisConnection(options, 'coinflow-shared-store');
  if (!redis.hasPubSub) {
    redis.close();
    throw new TypeError(`client is ${redis.kind}, which has no pub/sub: pass a client, a cluster or a sentinel`);
  }
  return {
    timeoutMs,
    get: (key) => redis.command('GET', keyOf(key)),
    set: (key, value, ttlMs) => redis.command('SET', keyOf(key), value, 'PX', String(ttlMs)),
    delete: (key) => redis.command('DEL', keyOf(key)),
    revocations: new RedisRevocationBoard(redis, prefix),
    budget: new RedisBudget(redis, prefix),
    close: () => redis.close(),
  };
}
