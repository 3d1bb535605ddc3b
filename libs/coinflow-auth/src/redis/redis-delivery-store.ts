import { randomUUID } from 'node:crypto';
import type { DeliveryClaim, DeliveryStore } from '../options/store-contracts.js';
import { DELIVERY_RETENTION_MS } from '../options/coinflow-auth-options.js';
import { RedisConnection } from './redis-connection.js';
import { prefixOf, type RedisConnectionOptions } from './redis-options.js';

/** The braces keep all keys of an event in one slot of Redis Cluster, so that a script can use them. */
function keysOf(prefix: string, id: string): { state: string; fence: string; succeeded: string } {
  const [event = ''] = id.split('.');
  return {
    state: `${prefix}webhook:{${event}}${id.slice(event.length)}`,
    fence: `${prefix}webhook-fence:{${event}}`,
    succeeded: succeededKeyOf(prefix, event),
  };
}

/** The key of a set of all state keys of an event that are `done`, which `forget()` deletes. */
function succeededKeyOf(prefix: string, event: string): string {
  return `${prefix}webhook-succeeded:{${event}}`;
}

/** Not the id of any delivery. */
const STARTUP_CHECK = 'startup-check';
const STARTUP_CHECK_MS = 1_000;

/**
 * The value of a state is `done` or the token of a lease. The fencing token is the time in microseconds, which also grows
 * after Redis has lost its data, or one more than the last. ARGV: nonce, lease, time to live of the fencing token.
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

/** Succeeds for an expired lease, too, if there was no other claim since. ARGV: token, time to live. */
const COMPLETE = `
local state = redis.call('GET', KEYS[1])
if state and state ~= ARGV[1] and state ~= 'done' then return 0 end
redis.call('SET', KEYS[1], 'done', 'PX', ARGV[2])
redis.call('SADD', KEYS[2], KEYS[1])
if redis.call('PTTL', KEYS[2]) < tonumber(ARGV[2]) then redis.call('PEXPIRE', KEYS[2], ARGV[2]) end
return 1`;

/** ARGV: token. */
const RELEASE = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])`;

/** Keeps the leases of running deliveries. */
const FORGET = `
for _, state in ipairs(redis.call('SMEMBERS', KEYS[1])) do
  if redis.call('GET', state) == 'done' then redis.call('DEL', state) end
end
return redis.call('DEL', KEYS[1])`;

/**
 * Records webhook deliveries in Redis for all replicas of an application. A delivery does not run twice at the same time
 * while its lease is renewed, and a delivery that has succeeded does not run again for 37 hours. While Redis is down,
 * webhooks get a 503, and Coinflow sends them again.
 *
 * Set `maxmemory-policy noeviction` for that Redis: a delivery whose record was evicted runs again. A failover can lose the
 * newest records, too.
 * @throws `TypeError` when the options have neither or both of `url` and `client`, or an invalid value
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
    const reply = await this.#eval(CLAIM, [key, fenceKey], randomUUID(), leaseMs, DELIVERY_RETENTION_MS);
    const [state, token, fence] = reply as [unknown, unknown, unknown];
    if (String(state) === 'won') return { state: 'won', token: String(token), fencingToken: Number(fence) };
    return { state: String(state) === 'done' ? 'done' : 'running' };
  }

  async renew(id: string, token: string, leaseMs: number): Promise<boolean> {
    return Number(await this.#eval(RENEW, [keysOf(this.#prefix, id).state], token, leaseMs)) === 1;
  }

  async complete(id: string, token: string, ttlMs: number): Promise<boolean> {
    const { state, succeeded } = keysOf(this.#prefix, id);
    return Number(await this.#eval(COMPLETE, [state, succeeded], token, ttlMs)) === 1;
  }

  async release(id: string, token: string): Promise<void> {
    await this.#eval(RELEASE, [keysOf(this.#prefix, id).state], token);
  }

  async forget(event: string): Promise<void> {
    await this.#eval(FORGET, [succeededKeyOf(this.#prefix, event)]);
  }

  /** Sends the commands of a delivery, so that a missing permission is logged before the first webhook. */
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
