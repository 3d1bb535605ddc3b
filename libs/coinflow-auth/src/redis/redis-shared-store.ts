import type { BudgetStore, CoinflowSharedStore } from '../options/store-contracts.js';
import { RedisConnection } from './redis-connection.js';
import { COMMAND_TIMEOUT_MS } from './redis-errors.js';
import { prefixOf, type RedisConnectionOptions } from './redis-options.js';
import { redisRevocationBoard } from './redis-revocations.js';

/** The options of {@link redisSharedStore}. */
export type RedisSharedStoreOptions = RedisConnectionOptions & {
  /**
   * How many milliseconds the guard waits for Redis before it authenticates a session key without it, from 1 to 1,000.
   * Raise it for a distant Redis. While Redis does not respond, every request that is not in the local cache waits this long.
   * @default 50
   */
  timeoutMs?: number;
};

/**
 * A store in Redis that the replicas of an application share. It holds verified and created sessions, the rate budget, and
 * revocations, which reach every replica within a second. While Redis is down, each replica uses its own cache and budget.
 *
 * Set `maxmemory-policy noeviction` for that Redis: a replica that starts later does not learn of an evicted revocation.
 * @throws `TypeError` when the options have neither or both of `url` and `client`, an invalid value, or a pool as the client,
 *   which has no pub/sub
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
    revocations: redisRevocationBoard(redis, prefix),
    budget: redisBudget(redis, prefix),
    close: () => redis.close(),
  };
}

/**
 * A window begins with its first slot and ends when its key expires. A key that would expire later than that was not
 * written by this script, and is replaced. ARGV: limit, length of a window.
 */
const TAKE = `
local taken = tonumber(redis.call('GET', KEYS[1]) or '0')
local left = redis.call('PTTL', KEYS[1])
if left <= 0 or left > tonumber(ARGV[2]) then
  redis.call('SET', KEYS[1], 0, 'PX', ARGV[2])
  taken = 0
  left = tonumber(ARGV[2])
end
if taken >= tonumber(ARGV[1]) then return {0, left} end
redis.call('INCR', KEYS[1])
return {1, left}`;

const GIVE_BACK = `
if tonumber(redis.call('GET', KEYS[1]) or '0') > 0 then redis.call('DECR', KEYS[1]) end`;

/** Counts the calls of all replicas that use one Redis. */
function redisBudget(redis: RedisConnection, prefix: string): BudgetStore {
  return {
    take: async (name, limit, windowMs) => {
      const reply = await redis.command('EVAL', TAKE, '1', `${prefix}budget:${name}`, String(limit), String(windowMs));
      const [taken, left] = reply as [unknown, unknown];
      return { taken: Number(taken) === 1, retryAfterMs: Number(left) };
    },
    giveBack: async (name) => {
      await redis.command('EVAL', GIVE_BACK, '1', `${prefix}budget:${name}`);
    },
  };
}
