import { randomUUID } from 'node:crypto';
import type { RevocationBoard, RevocationFeed, RevocationListener, RevocationNotice } from '../options/shared-store.js';
import type { RedisConnection } from './redis-connection.js';
import { causeOf } from './redis-errors.js';
import type { RedisSubscription } from './redis-subscription.js';

/** How soon it is noticed that a message got lost, or that Redis has forgotten. */
const LOOK_EVERY_MS = 1_000;
const AT_ONCE = 500;
/** So often, and the connection that subscribes is taken for dead. */
const MAX_MISSES = 2;

/** What Redis knows of itself stands among the values: it is not forgotten later than them. No name is as short. */
const [EPOCH, COUNT] = ['epoch', 'count'];

// KEYS of all scripts: values by name, end by name.
/**
 * ARGV: a text of one's own. What is over by the server's clock goes, a thousand at a time: a replica whose clock is ahead must not
 * remove what the others need. Nothing is written needlessly: it works when Redis is full.
 */
const LOOK = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local over = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now, 'LIMIT', 0, 1000)
if #over > 0 then
  redis.call('ZREM', KEYS[2], unpack(over))
  redis.call('HDEL', KEYS[1], unpack(over))
end
if redis.call('HEXISTS', KEYS[1], '${EPOCH}') == 0 then redis.call('HSET', KEYS[1], '${EPOCH}', ARGV[1]) end
return redis.call('HMGET', KEYS[1], '${EPOCH}', '${COUNT}')`;

/** ARGV: the channel (a client may write another prefix before keys, and not before channels); name, value and end of each. */
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

/** Revocations in Redis: kept there until they are over, and told to whoever listens. */
export class RedisRevocationBoard implements RevocationBoard {
  readonly #redis: RedisConnection;
  readonly #prefix: string;

  constructor(redis: RedisConnection, prefix: string) {
    this.#redis = redis;
    this.#prefix = prefix;
  }

  async open(board: string, listener: RevocationListener): Promise<RevocationFeed> {
    // The braces make a cluster keep both keys in one slot, where a script may use them.
    await this.#redis.connect();
    const feed = new RedisRevocationFeed(this.#redis, `${this.#prefix}revocations:{${board}}`, listener);
    await feed.look();
    return feed;
  }
}

class RedisRevocationFeed implements RevocationFeed {
  readonly #redis: RedisConnection;
  readonly #listener: RevocationListener;
  readonly #keys: readonly [values: string, ends: string];
  readonly #subscription: RedisSubscription;
  readonly #timer: ReturnType<typeof setInterval>;
  /** Since when Redis remembers; another one, and it has forgotten. */
  #epoch: string | undefined;
  /** What was said in between, nobody has heard. */
  #wasCutOff = true;
  /** Which message was the newest that came, and the newest there was when it was last looked. */
  #received = 0;
  #wasPublished = 0;
  /** A message was skipped: it is lost, or on its way. */
  #isMissing = false;
  /** How often in a row messages were read that should have been received. */
  #misses = 0;
  /** What this instance has said, Redis may not know. */
  #mustPublish = false;
  #isLooking = false;
  #isClosed = false;

  constructor(redis: RedisConnection, values: string, listener: RevocationListener) {
    this.#redis = redis;
    this.#listener = listener;
    this.#keys = [values, `${values}:ends`];
    this.#subscription = redis.subscribe({
      channel: values,
      received: (message) => this.#receive(message),
      connected: () => (this.#wasCutOff = true),
    });
    this.#timer = setInterval(() => void this.look(), LOOK_EVERY_MS).unref();
  }

  async publish(notice: RevocationNotice): Promise<void> {
    await this.#publishAll([notice]);
    // Replicas have the same permissions: none of them receives it.
    if (this.#subscription.isDenied) throw new Error('Redis does not let replicas subscribe');
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#timer);
    this.#subscription.close();
  }

  /** Whether all that stands there was heard; reads it if not, and says again what Redis does not know. */
  async look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      // Knows the cause, which the subscription does not.
      await this.#redis.ready();
      await this.#subscription.ready();
      await this.#catchUp();
      this.#inform(true);
      // A Redis that is full can still be read.
      if (this.#mustPublish) await this.#sayAgain().catch(() => undefined);
    } catch (error) {
      this.#inform(false, causeOf(error));
    } finally {
      this.#isLooking = false;
    }
  }

  async #catchUp(): Promise<void> {
    const received = this.#received;
    const [epoch, count] = (await this.#eval(LOOK, randomUUID())) as [unknown, unknown];
    const published = Number(count) || 0;
    // A failover may lose what was published last: then fewer messages are counted than were received.
    const hasForgotten = String(epoch) !== this.#epoch || published < received;
    if (this.#wasCutOff || hasForgotten) this.#mustPublish = true;
    // A message that is on its way gets until the next time.
    const isOverdue = this.#received < this.#wasPublished;
    const mustRead = this.#wasCutOff || hasForgotten || this.#isMissing || isOverdue;
    if (isOverdue && !this.#wasCutOff && !hasForgotten) this.#missed();
    // Before anything is read: who is cut off from now on must read again.
    this.#wasCutOff = this.#isMissing = false;
    this.#epoch = String(epoch);
    this.#wasPublished = published;
    this.#received = hasForgotten ? published : Math.max(this.#received, mustRead ? published : 0);
    if (!mustRead) return;
    try {
      await this.#readAll();
    } catch (error) {
      // What was not read to its end is missing, and read the next time.
      this.#isMissing = true;
      throw error;
    }
  }

  #missed(): void {
    this.#misses += 1;
    if (this.#misses < MAX_MISSES) return;
    this.#misses = 0;
    this.#subscription.reopen();
  }

  async #sayAgain(): Promise<void> {
    // Before anything is said: what cannot be published from now on must be said again.
    this.#mustPublish = false;
    await this.#publishAll(this.#listener.published());
  }

  #inform(isInformed: boolean, cause?: string): void {
    // What fails since it was closed is no news.
    if (!this.#isClosed) this.#listener.informed(isInformed, cause);
  }

  #receive(message: string): void {
    const [count, name, value] = message.split(' ');
    if (name === undefined || value === undefined) return;
    this.#misses = 0;
    // What is no number changes nothing.
    if (Number(count) > this.#received + 1) this.#isMissing = true;
    if (Number(count) > this.#received) this.#received = Number(count);
    this.#listener.received({ name, value });
  }

  async #readAll(): Promise<void> {
    let cursor = '0';
    do {
      const page = await this.#redis.command('HSCAN', this.#keys[0], cursor, 'COUNT', String(AT_ONCE));
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
        if (page.length === AT_ONCE) await send();
      }
      await send();
    } catch (error) {
      this.#mustPublish = true;
      throw error;
    }
  }

  #eval(script: string, ...values: (string | number)[]): Promise<unknown> {
    return this.#redis.command('EVAL', script, String(this.#keys.length), ...this.#keys, ...values.map(String));
  }
}
