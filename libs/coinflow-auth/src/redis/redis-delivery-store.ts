import { randomUUID } from 'node:crypto';
import type { DeliveryClaim, DeliveryStore } from '../options/delivery-store.js';
import { DELIVERY_MEMORY_MS } from '../options/webhook-options.js';
import { RedisConnection } from './redis-connection.js';
import { prefixOf, type RedisConnectionOptions } from './redis-options.js';

/** The braces make Redis Cluster keep all keys of an event in one slot, where a script may use them. */
function keysOf(prefix: string, id: string): { state: string; fence: string; succeeded: string } {
  const [event = ''] = id.split('.');
  return {
    state: `${prefix}webhook:{${event}}${id.slice(event.length)}`,
    fence: `${prefix}webhook-fence:{${event}}`,
    succeeded: succeededKeyOf(prefix, event),
  };
}

/** A set of the states that are `done`, for forgetting them. */
function succeededKeyOf(prefix: string, event: string): string {
  return `${prefix}webhook-succeeded:{${event}}`;
}

/** No delivery has this id. */
const STARTUP_CHECK = 'startup-check';
const STARTUP_CHECK_MS = 1_000;

/**
 * The value of a state is `done`, or the token of a lease. The fence is the time in microseconds, which grows also where Redis
 * has lost it, or one more than the last. ARGV: nonce, lease, for how long the fence is kept.
 */
const CLAIM = `
local state = redis.call('GET', KEYS[1])
if state == 'done' then return {'done'} end
if state then return {'running'} end
local time = redis.call('TIME')
local last = tonumber(redis.call('GET', KEYS[2])) or 0
local fence = string.format('%.0f', math.max(time[1] * 1000000 + time[2], last + 1))
redis.call('SET', KEYS[2], fence, 'PX', ARGV[3])
local token = fence .. ':' .. ARGV[1]
redis.call('SET', KEYS[1], token, 'NX', 'PX', ARGV[2])
return {'won', token, fence}`;

/** ARGV: token, lease. */
const RENEW = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])`;

/** Also where the lease has ended and nobody has claimed since: the run has succeeded all the same. ARGV: token, for how long. */
const COMPLETE = `
local state = redis.call('GET', KEYS[1])
if state and state ~= ARGV[1] and state ~= 'done' then return 0 end
redis.call('SET', KEYS[1], 'done', 'PX', ARGV[2])
redis.call('SADD', KEYS[2], KEYS[1])
if redis.call('PTTL', KEYS[2]) < tonumber(ARGV[2]) then redis.call('PEXPIRE', KEYS[2], ARGV[2]) end
return 1`;

/** Compare and delete. ARGV: token. */
const RELEASE = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])`;

/** A state that is a lease stays: somebody runs it. */
const FORGET = `
for _, state in ipairs(redis.call('SMEMBERS', KEYS[1])) do
  if redis.call('GET', state) == 'done' then redis.call('DEL', state) end
end
return redis.call('DEL', KEYS[1])`;

/**
 * Remembers deliveries of webhooks in Redis, for every process that uses it: none runs twice at a time while its lease is
 * renewed, and what has succeeded is not run again for 37 hours. While Redis is away webhooks are answered 503, and Coinflow sends
 * them again.
 *
 * Give that Redis `maxmemory-policy noeviction`: what it evicts runs again. A failover can lose the newest writes, too.
 * @throws {TypeError} when the options name no Redis, or two
 * @example
 * webhook: { keys, consumer: 'billing', deliveries: redisDeliveryStore({ url: 'redis://127.0.0.1:6379' }) }
 */
export function redisDeliveryStore(options: RedisConnectionOptions): DeliveryStore {
  const prefix = prefixOf(options);
  return new RedisDeliveryStore(new RedisConnection(options, 'coinflow-deliveries'), prefix);
}

class RedisDeliveryStore implements DeliveryStore {
  readonly #redis: RedisConnection;
  readonly #prefix: string;

  constructor(redis: RedisConnection, prefix: string) {
    this.#redis = redis;
    this.#prefix = prefix;
  }

  async claim(id: string, leaseMs: number): Promise<DeliveryClaim> {
    const { state: key, fence: fenceKey } = keysOf(this.#prefix, id);
    const answer = await this.#eval(CLAIM, [key, fenceKey], randomUUID(), leaseMs, DELIVERY_MEMORY_MS);
    const [state, token, fence] = answer as [unknown, unknown, unknown];
    if (String(state) === 'won') return { state: 'won', token: String(token), fencingToken: Number(fence) };
    return { state: String(state) === 'done' ? 'done' : 'running' };
  }

  async renew(id: string, token: string, leaseMs: number): Promise<boolean> {
    return Number(await this.#eval(RENEW, [keysOf(this.#prefix, id).state], token, leaseMs)) === 1;
  }

  async complete(id: string, token: string, keepMs: number): Promise<boolean> {
    const { state, succeeded } = keysOf(this.#prefix, id);
    return Number(await this.#eval(COMPLETE, [state, succeeded], token, keepMs)) === 1;
  }

  async release(id: string, token: string): Promise<void> {
    await this.#eval(RELEASE, [keysOf(this.#prefix, id).state], token);
  }

  async forget(event: string): Promise<void> {
    await this.#eval(FORGET, [succeededKeyOf(this.#prefix, event)]);
  }

  /** Asks what a delivery asks: a permission that is missing, say, is known before the first webhook. */
  async open(): Promise<void> {
    try {
      const claim = await this.claim(STARTUP_CHECK, STARTUP_CHECK_MS);
      if (claim.state === 'won') await this.release(STARTUP_CHECK, claim.token);
    } catch (error) {
      if (!this.#redis.hasLogged(error)) throw error;
    }
  }

  get isAvailable(): boolean {
    return this.#redis.isAvailable;
  }

  close(): void {
    this.#redis.close();
  }

  #eval(script: string, keys: readonly string[], ...values: (string | number)[]): Promise<unknown> {
    return this.#redis.command('EVAL', script, String(keys.length), ...keys, ...values.map(String));
  }
}
