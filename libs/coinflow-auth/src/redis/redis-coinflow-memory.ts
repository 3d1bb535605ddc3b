import type { CoinflowSharedStore } from '../options/shared-store.js';
import { RedisBudget } from './redis-budget.js';
import { RedisConnection, type RedisConnectionOptions } from './redis-connection.js';
import { RedisRevocationBoard } from './redis-revocations.js';

/**
 * What the instances of an application share, in Redis: sessions that one of them has proven or obtained, the budget of calls,
 * and every revocation, which reaches all of them in less than a second. While Redis is away each instance goes by what it knows itself.
 *
 * Revocations should outlive everything else: give that Redis `maxmemory-policy volatile-lru`, which evicts sessions and leaves
 * them alone.
 * @throws {TypeError} when the options name no Redis, or two
 * @example
 * cache: { store: redisCoinflowMemory({ url: 'redis://127.0.0.1:6379' }) }
 */
export function redisCoinflowMemory(options: RedisConnectionOptions): CoinflowSharedStore {
  const redis = new RedisConnection(options);
  return {
    get: (key) => redis.command('GET', key),
    set: (key, value, ttlMs) => redis.command('SET', key, value, 'PX', String(ttlMs)),
    delete: (key) => redis.command('DEL', key),
    revocations: new RedisRevocationBoard(redis),
    budget: new RedisBudget(redis),
    close: () => redis.close(),
  };
}
