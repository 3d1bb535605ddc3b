import { randomUUID } from 'node:crypto';
import type { DeliveryClaim, DeliveryStore } from '../options/delivery-store.js';
import { DELIVERY_MEMORY_MS } from '../options/webhook-options.js';
import { RedisConnection } from './redis-connection.js';
import { prefixOf, type RedisConnectionOptions } from './redis-options.js';

// The braces make Redis Cluster keep both keys of a delivery in one slot, where a script may use them.
const keysOf = (prefix: string, id: string): [state: string, fence: string] => [
  `${prefix}webhook:{${id}}`,
  `${prefix}webhook:{${id}}:fence`,
];

/** No delivery has this id. */
const STARTUP_CHECK = 'startup-check';
const STARTUP_CHECK_MS = 1_000;

/** The value of a state is `done`, or the token of a lease. ARGV: nonce, lease, for how long the fence is kept. */
const CLAIM = `
local state = redis.call('GET', KEYS[1])
if state == 'done' then return {'done'} end
if state then return {'running'} end
local fence = redis.call('INCR', KEYS[2])
redis.call('PEXPIRE', KEYS[2], ARGV[3])
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
return 1`;

/** Compare and delete. ARGV: token. */
const RELEASE = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])`;

/**
 * Remembers deliveries of webhooks in Redis, for every process that uses it: none runs twice at a time while its lease is
 * renewed, and what has succeeded is not run again for 37 hours. While Redis is away webhooks are answered 503, and Coinflow sends
 * them again.
 *
 * Give that Redis `maxmemory-policy noeviction`: what it evicts runs again. A failover can lose the newest writes, too.
 * @throws {TypeError} when the options name no Redis, or two
 * @example
 * webhook: { keys, deliveries: redisDeliveries({ url: 'redis://127.0.0.1:6379' }) }
 */
export function redisDeliveries(options: RedisConnectionOptions): DeliveryStore {
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
    const answer = await this.#eval(CLAIM, keysOf(this.#prefix, id), randomUUID(), leaseMs, DELIVERY_MEMORY_MS);
    const [state, token, fence] = answer as [unknown, unknown, unknown];
    if (String(state) === 'won') return { state: 'won', token: String(token), fencingToken: Number(fence) };
    return { state: String(state) === 'done' ? 'done' : 'running' };
  }

  async renew(id: string, token: string, leaseMs: number): Promise<boolean> {
    return Number(await this.#eval(RENEW, keysOf(this.#prefix, id), token, leaseMs)) === 1;
  }

  async complete(id: string, token: string, keepMs: number): Promise<boolean> {
    return Number(await this.#eval(COMPLETE, keysOf(this.#prefix, id), token, keepMs)) === 1;
  }

  async release(id: string, token: string): Promise<void> {
    await this.#eval(RELEASE, keysOf(this.#prefix, id), token);
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
