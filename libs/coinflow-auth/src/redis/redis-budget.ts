import type { BudgetSlot, BudgetStore } from '../options/budget-store.js';
import type { RedisConnection } from './redis-connection.js';

/**
 * A window begins with the first slot that is taken in it, and ends with its key; one that would not end in time is
 * somebody else's, and is over. ARGV: limit, length of a window.
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

/** Counts in Redis, for every instance that uses it. */
export class RedisBudget implements BudgetStore {
  readonly #redis: RedisConnection;
  readonly #prefix: string;

  constructor(redis: RedisConnection, prefix: string) {
    this.#redis = redis;
    this.#prefix = `${prefix}budget:`;
  }

  async take(name: string, limit: number, windowMs: number): Promise<BudgetSlot> {
    const answer = await this.#redis.command('EVAL', TAKE, '1', this.#prefix + name, String(limit), String(windowMs));
    const [taken, left] = answer as [unknown, unknown];
    return { taken: Number(taken) === 1, retryAfterMs: Number(left) };
  }

  async giveBack(name: string): Promise<void> {
    await this.#redis.command('EVAL', GIVE_BACK, '1', this.#prefix + name);
  }
}
