import { randomUUID } from 'node:crypto';
import type {
  RevocationBoard,
  RevocationFeed,
  RevocationListener,
  RevocationNotice,
} from '../options/store-contracts.js';
import type { RedisSubscription } from './redis-adapter.js';
import type { RedisConnection } from './redis-connection.js';
import { causeOf } from './redis-errors.js';

/** How often a feed checks for lost messages and for a Redis that has lost its data. */
const SYNC_INTERVAL_MS = 1_000;
const PAGE_SIZE = 500;
/** After so many syncs in a row that found lost messages, the subscription gets a new connection. */
const MAX_MISSES = 2;

/** Fields beside the values, so that they are lost together with them. No revocation has such a short name. */
const [EPOCH, COUNT] = ['epoch', 'count'];

// KEYS of all scripts: values by name, expiry times by name.
/**
 * Removes expired entries, at most a thousand, by the clock of the server: a replica whose clock is ahead must not remove what
 * the others need. Writes nothing unless necessary, so that it works when Redis is full. ARGV: a new epoch.
 */
const SYNC = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local expired = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now, 'LIMIT', 0, 1000)
if #expired > 0 then
  redis.call('ZREM', KEYS[2], unpack(expired))
  redis.call('HDEL', KEYS[1], unpack(expired))
end
if redis.call('HEXISTS', KEYS[1], '${EPOCH}') == 0 then redis.call('HSET', KEYS[1], '${EPOCH}', ARGV[1]) end
return redis.call('HMGET', KEYS[1], '${EPOCH}', '${COUNT}')`;

/** ARGV: the channel, because a client may prefix keys but not channels; then name, value and expiry time of each revocation. */
const PUBLISH = `
for i = 2, #ARGV, 3 do
  local known = redis.call('ZSCORE', KEYS[2], ARGV[i])
  if not known or tonumber(known) <= tonumber(ARGV[i + 2]) then
    redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
    redis.call('ZADD', KEYS[2], ARGV[i + 2], ARGV[i])
  end
  local count = redis.call('HINCRBY', KEYS[1], '${COUNT}', 1)
  redis.call('PUBLISH', ARGV[1], count .. ' ' .. ARGV[i] .. ' ' .. ARGV[i + 1])
end`;

/** Stores revocations in Redis until they expire, and publishes them to all replicas. */
export function redisRevocationBoard(redis: RedisConnection, prefix: string): RevocationBoard {
  return {
    open: async (board, listener) => {
      await redis.connect();
      // The braces keep both keys in one slot of a cluster, so that a script can use them.
      const feed = new RedisRevocationFeed(redis, `${prefix}revocations:{${board}}`, listener);
      await feed.sync();
      return feed;
    },
  };
}

class RedisRevocationFeed implements RevocationFeed {
  readonly #redis: RedisConnection;
  readonly #listener: RevocationListener;
  readonly #keys: readonly [values: string, ends: string];
  readonly #subscription: RedisSubscription;
  readonly #timer: ReturnType<typeof setInterval>;
  /** Changes when Redis has lost its data. */
  #epoch: string | undefined;
  /** The subscription has connected since the last sync; earlier messages are lost. */
  #hasReconnected = true;
  /** The number of the newest message that was received. */
  #lastReceived = 0;
  /** The number of the newest message that was published before the last sync. */
  #lastPublished = 0;
  /** A message number was skipped: the message is lost or late. */
  #hasGap = false;
  /** The number of syncs in a row that found lost messages. */
  #misses = 0;
  /** Redis may have lost revocations that this replica has published. */
  #mustRepublish = false;
  #isSyncing = false;
  #isClosed = false;

  constructor(redis: RedisConnection, values: string, listener: RevocationListener) {
    this.#redis = redis;
    this.#listener = listener;
    this.#keys = [values, `${values}:ends`];
    this.#subscription = redis.subscribe({
      channel: values,
      onMessage: (message) => this.#receive(message),
      onConnect: () => (this.#hasReconnected = true),
    });
    this.#timer = setInterval(() => void this.sync(), SYNC_INTERVAL_MS).unref();
  }

  async publish(notice: RevocationNotice): Promise<void> {
    await this.#publishAll([notice]);
    // All replicas have the same permissions, so none of them has received it.
    if (this.#subscription.isDenied) {
      throw new Error('Redis denies SUBSCRIBE, so other replicas do not receive revocations');
    }
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#timer);
    this.#subscription.close();
  }

  /** Reads revocations whose messages were lost, and publishes again those that Redis has lost. */
  async sync(): Promise<void> {
    if (this.#isSyncing) return;
    this.#isSyncing = true;
    try {
      // First, because its error has the cause of an outage.
      await this.#redis.ready();
      await this.#subscription.ready();
      await this.#catchUp();
      this.#report(true);
      // A Redis that is full rejects writes but can be read.
      if (this.#mustRepublish) await this.#republish().catch(() => undefined);
    } catch (error) {
      this.#report(false, causeOf(error));
    } finally {
      this.#isSyncing = false;
    }
  }

  async #catchUp(): Promise<void> {
    const received = this.#lastReceived;
    const [epoch, count] = (await this.#eval(SYNC, randomUUID())) as [unknown, unknown];
    const published = Number(count) || 0;
    // After a failover that has lost the newest writes, Redis counts fewer messages than were received.
    const hasLostData = String(epoch) !== this.#epoch || published < received;
    if (this.#hasReconnected || hasLostData) this.#mustRepublish = true;
    // A late message has until the next sync.
    const isOverdue = this.#lastReceived < this.#lastPublished;
    const mustRead = this.#hasReconnected || hasLostData || this.#hasGap || isOverdue;
    if (isOverdue && !this.#hasReconnected && !hasLostData) this.#missed();
    // Reset before reading, so that a connection lost meanwhile leads to another read.
    this.#hasReconnected = this.#hasGap = false;
    this.#epoch = String(epoch);
    this.#lastPublished = published;
    this.#lastReceived = hasLostData ? published : Math.max(this.#lastReceived, mustRead ? published : 0);
    if (!mustRead) return;
    try {
      await this.#readAll();
    } catch (error) {
      // Read again at the next sync.
      this.#hasGap = true;
      throw error;
    }
  }

  #missed(): void {
    this.#misses += 1;
    if (this.#misses < MAX_MISSES) return;
    this.#misses = 0;
    this.#subscription.reopen();
  }

  async #republish(): Promise<void> {
    // Reset before publishing, which sets it again when it fails.
    this.#mustRepublish = false;
    await this.#publishAll(this.#listener.published());
  }

  #report(isInformed: boolean, cause?: string): void {
    // Errors after close() are expected.
    if (!this.#isClosed) this.#listener.informed(isInformed, cause);
  }

  #receive(message: string): void {
    const [count, name, value] = message.split(' ');
    if (name === undefined || value === undefined) return;
    this.#misses = 0;
    // Comparisons with NaN are false, so a count that is not a number changes nothing.
    if (Number(count) > this.#lastReceived + 1) this.#hasGap = true;
    if (Number(count) > this.#lastReceived) this.#lastReceived = Number(count);
    this.#listener.received({ name, value });
  }

  async #readAll(): Promise<void> {
    let cursor = '0';
    do {
      const page = await this.#redis.command('HSCAN', this.#keys[0], cursor, 'COUNT', String(PAGE_SIZE));
      const [next, entries] = page as [unknown, unknown[]];
      for (let i = 0; i + 1 < entries.length; i += 2) {
        const [name, value] = [String(entries[i]), String(entries[i + 1])];
        if (name !== EPOCH && name !== COUNT) this.#listener.received({ name, value });
      }
      cursor = String(next);
    } while (cursor !== '0');
  }

  async #publishAll(notices: Iterable<RevocationNotice>): Promise<void> {
    let page: RevocationNotice[] = [];
    const send = async (): Promise<void> => {
      const values = page.flatMap(({ name, value, untilMs }) => [name, value, untilMs]);
      page = [];
      if (values.length > 0) await this.#eval(PUBLISH, this.#keys[0], ...values);
    };
    try {
      for (const notice of notices) {
        page.push(notice);
        if (page.length === PAGE_SIZE) await send();
      }
      await send();
    } catch (error) {
      this.#mustRepublish = true;
      throw error;
    }
  }

  #eval(script: string, ...values: (string | number)[]): Promise<unknown> {
    return this.#redis.command('EVAL', script, String(this.#keys.length), ...this.#keys, ...values.map(String));
  }
}
