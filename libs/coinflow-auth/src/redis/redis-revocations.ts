import { randomUUID } from 'node:crypto';
import type { RevocationBoard, RevocationFeed, RevocationListener, RevocationNotice } from '../options/shared-store.js';
import type { RedisConnection } from './redis-connection.js';
import type { RedisSubscription } from './redis-subscription.js';

/** How soon it is noticed that a message got lost, or that Redis has forgotten. */
const LOOK_EVERY_MS = 1_000;
const AT_ONCE = 500;

/** What Redis knows of itself stands among the values: it is not forgotten later than them. No name is as short. */
const [EPOCH, COUNT] = ['epoch', 'count'];

// KEYS of all scripts: values by name (and the channel), end by name.
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

/** ARGV: name, value and end of each. */
const PUBLISH = `
for i = 1, #ARGV, 3 do
  local known = redis.call('ZSCORE', KEYS[2], ARGV[i])
  if not known or tonumber(known) <= tonumber(ARGV[i + 2]) then
    redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
    redis.call('ZADD', KEYS[2], ARGV[i + 2], ARGV[i])
  end
  local count = redis.call('HINCRBY', KEYS[1], '${COUNT}', 1)
  redis.call('PUBLISH', KEYS[1], count .. ' ' .. ARGV[i] .. ' ' .. ARGV[i + 1])
end`;

/** Revocations in Redis: kept there until they are over, and told to whoever listens. */
export class RedisRevocationBoard implements RevocationBoard {
  readonly #redis: RedisConnection;

  constructor(redis: RedisConnection) {
    this.#redis = redis;
  }

  async open(board: string, listener: RevocationListener): Promise<RevocationFeed> {
    const feed = new RedisRevocationFeed(this.#redis, board, listener);
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
  /** What this instance has said, Redis may not know. */
  #mustPublish = false;
  #isLooking = false;
  #isClosed = false;

  constructor(redis: RedisConnection, board: string, listener: RevocationListener) {
    this.#redis = redis;
    this.#listener = listener;
    const values = `coinflow:revocations:{${board}}`;
    this.#keys = [values, `${values}:ends`];
    this.#subscription = redis.subscribe(values, {
      received: (message) => this.#receive(message),
      connected: () => (this.#wasCutOff = true),
    });
    this.#timer = setInterval(() => void this.look(), LOOK_EVERY_MS).unref();
  }

  publish(notice: RevocationNotice): Promise<void> {
    return this.#publishAll([notice]);
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
      await this.#subscription.ready();
      await this.#catchUp();
      this.#inform(true);
      // A Redis that is full can still be read.
      if (this.#mustPublish) await this.#sayAgain().catch(() => undefined);
    } catch {
      // What was not read to its end is missing, and read the next time.
      this.#inform(false);
    } finally {
      this.#isLooking = false;
    }
  }

  async #catchUp(): Promise<void> {
    const [epoch, count] = (await this.#eval(LOOK, randomUUID())) as [unknown, unknown];
    const isNew = this.#wasCutOff || String(epoch) !== this.#epoch;
    // Before anything is read: who is cut off from now on must read again.
    this.#wasCutOff = false;
    this.#epoch = String(epoch);
    if (isNew) this.#mustPublish = true;
    // A message that is on its way gets until the next time.
    const isMissing = this.#received < this.#wasPublished;
    this.#wasPublished = Number(count ?? 0);
    if (isNew) this.#received = 0;
    if (isNew || isMissing) {
      await this.#readAll();
      this.#received = Math.max(this.#received, this.#wasPublished);
    }
  }

  async #sayAgain(): Promise<void> {
    // Before anything is said: what cannot be published from now on must be said again.
    this.#mustPublish = false;
    await this.#publishAll(this.#listener.published());
  }

  #inform(isInformed: boolean): void {
    // What fails since it was closed is no news.
    if (!this.#isClosed) this.#listener.informed(isInformed);
  }

  #receive(message: string): void {
    const [count, name, value] = message.split(' ');
    if (name === undefined || value === undefined) return;
    // What is no number changes nothing.
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
      if (values.length > 0) await this.#eval(PUBLISH, ...values);
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
