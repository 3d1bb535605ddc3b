import { randomUUID } from 'node:crypto';
import type { RevocationBoard, RevocationFeed, RevocationListener, RevocationNotice } from '../options/shared-store.js';
import type { RedisConnection, RedisSubscription } from './redis-connection.js';

/** How soon it is noticed that a message got lost, or that Redis has forgotten. */
const LOOK_EVERY_MS = 1_000;
const AT_ONCE = 500;

// KEYS of all scripts: value by name (and the channel), end by name, how often something was published, since when.
/** ARGV: now, a text of one's own. What is over goes, a thousand at a time. */
const LOOK = `
local over = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', ARGV[1], 'LIMIT', 0, 1000)
if #over > 0 then
  redis.call('ZREM', KEYS[2], unpack(over))
  redis.call('HDEL', KEYS[1], unpack(over))
end
redis.call('SET', KEYS[4], ARGV[2], 'NX')
return {redis.call('GET', KEYS[4]), redis.call('GET', KEYS[3]) or '0'}`;

/** ARGV: name, value and end of each. */
const PUBLISH = `
for i = 1, #ARGV, 3 do
  local known = redis.call('ZSCORE', KEYS[2], ARGV[i])
  if not known or tonumber(known) <= tonumber(ARGV[i + 2]) then
    redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
    redis.call('ZADD', KEYS[2], ARGV[i + 2], ARGV[i])
  end
  local count = redis.call('INCR', KEYS[3])
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
  readonly #keys: readonly [values: string, ends: string, count: string, epoch: string];
  readonly #subscription: RedisSubscription;
  readonly #timer: ReturnType<typeof setInterval>;
  /** Since when Redis remembers; another one, or none, and it has forgotten. */
  #epoch: string | undefined;
  /** Which message was the newest that came, and the newest there was when it was last looked. */
  #received = 0;
  #wasPublished = 0;
  #mustPublish = true;
  #isLooking = false;

  constructor(redis: RedisConnection, board: string, listener: RevocationListener) {
    this.#redis = redis;
    this.#listener = listener;
    const values = `coinflow:revocations:{${board}}`;
    this.#keys = [values, `${values}:ends`, `${values}:count`, `${values}:epoch`];
    this.#subscription = redis.subscribe(values, {
      received: (message) => this.#receive(message),
      // What was said in between, nobody has heard.
      connected: () => (this.#epoch = undefined),
    });
    this.#timer = setInterval(() => void this.look(), LOOK_EVERY_MS).unref();
  }

  async publish(notice: RevocationNotice): Promise<void> {
    try {
      await this.#publishAll([notice]);
    } catch (error) {
      this.#mustPublish = true;
      throw error;
    }
  }

  close(): void {
    clearInterval(this.#timer);
    this.#subscription.close();
  }

  /** Whether all that stands there was heard; reads it if not, and says again what Redis does not know. */
  async look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      await this.#subscription.ready();
      const [epoch, count] = (await this.#eval(LOOK, Date.now(), randomUUID())) as [unknown, unknown];
      const isAnother = String(epoch) !== this.#epoch;
      // A message that is on its way gets until the next time.
      const isMissing = this.#received < this.#wasPublished;
      this.#wasPublished = Number(count);
      if (isAnother || isMissing) await this.#readAll();
      if (isAnother) this.#received = 0;
      if (isAnother || isMissing) this.#received = Math.max(this.#received, Number(count));
      if (isAnother || this.#mustPublish) await this.#publishAll(this.#listener.published());
      this.#mustPublish = false;
      this.#epoch = String(epoch);
      this.#listener.informed(true);
    } catch {
      this.#epoch = undefined;
      this.#listener.informed(false);
    } finally {
      this.#isLooking = false;
    }
  }

  #receive(message: string): void {
    const [count, name, value] = message.split(' ');
    if (name === undefined || value === undefined) return;
    this.#received = Math.max(this.#received, Number(count));
    this.#listener.received({ name, value });
  }

  async #readAll(): Promise<void> {
    let cursor = '0';
    do {
      const page = await this.#redis.command('HSCAN', this.#keys[0], cursor, 'COUNT', String(AT_ONCE));
      const [next, entries] = page as [unknown, unknown[]];
      for (let i = 0; i + 1 < entries.length; i += 2) {
        this.#listener.received({ name: String(entries[i]), value: String(entries[i + 1]) });
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
    for (const notice of notices) {
      page.push(notice);
      if (page.length === AT_ONCE) await send();
    }
    await send();
  }

  #eval(script: string, ...values: (string | number)[]): Promise<unknown> {
    return this.#redis.command('EVAL', script, String(this.#keys.length), ...this.#keys, ...values.map(String));
  }
}
