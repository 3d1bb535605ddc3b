import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { RevocationFeed, RevocationNotice } from '../options/store-contracts.js';
import type { NodeRedisSubscriber } from './node-redis-adapter.js';
import type { NodeRedisLike } from './redis-options.js';
import { redisSharedStore } from './redis-shared-store.js';

const SECOND_MS = 1_000;

/** The part of a subscribing node-redis client that the package uses. */
class FakeSubscriber implements NodeRedisSubscriber {
  isOpen = false;
  isReady = false;
  readonly subscribers = new Set<(message: string) => void>();
  readonly #listeners: [event: string, listener: () => void][] = [];

  on(event: string, listener: () => void): void {
    this.#listeners.push([event, listener]);
  }

  connect(): Promise<void> {
    if (this.isOpen) return Promise.reject(new Error('Socket already opened'));
    this.isOpen = true;
    this.connected();
    return Promise.resolve();
  }

  connected(): void {
    this.isReady = true;
    for (const [event, listener] of this.#listeners) if (event === 'ready') listener();
  }

  subscribe(_: string, listener: (message: string) => void): Promise<void> {
    this.subscribers.add(listener);
    return Promise.resolve();
  }

  unref(): void {}

  destroy(): void {
    this.isOpen = this.isReady = false;
  }
}

describe('a revocation feed in Redis', () => {
  let subscriber: FakeSubscriber;
  let values: Map<string, string>;
  let count: number;
  let readPage: () => Promise<void>;
  let received: string[];
  let informed: boolean[];
  let published: RevocationNotice[];
  let sent: string[];
  let feed: RevocationFeed;

  beforeEach(async () => {
    Logger.overrideLogger(false);
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask'] });
    values = new Map([['first', 'sealed']]);
    [count, received, informed, published, sent] = [1, [], [], [], []];
    readPage = () => Promise.resolve();
    const client = {
      isOpen: true,
      isReady: true,
      duplicate: () => (subscriber = new FakeSubscriber()),
      sendCommand: async ([command, script, , , , , ...args]: string[]) => {
        await (command === 'HSCAN' ? readPage() : undefined);
        // The two keys and the channel; then name, value and expiry time of each revocation.
        if (script?.includes('PUBLISH')) sent.push(...args.filter((_, i) => i % 3 === 0));
        return command === 'HSCAN' ? ['0', Array.from(values).flat()] : ['epoch', String(count)];
      },
    };
    feed = await openFeed(client);
  });

  afterEach(() => {
    feed.close();
    jest.useRealTimers();
  });

  async function openFeed(client: NodeRedisLike): Promise<RevocationFeed> {
    const { revocations } = redisSharedStore({ client });
    if (!revocations) throw new TypeError('redisSharedStore() shares no revocations');
    return revocations.open('board', {
      received: ({ name }) => received.push(name),
      informed: (isInformed) => informed.push(isInformed),
      published: () => published,
    });
  }

  const sync = (): Promise<void> => jest.advanceTimersByTimeAsync(SECOND_MS);

  const receive = (message: string): void => {
    for (const listener of subscriber.subscribers) listener(message);
  };

  it('reads all revocations once, and not again while no message is lost', async () => {
    await sync();
    expect(received).toEqual(['first']);
    expect(informed).toEqual([true, true]);
  });

  it('reads again after a lost connection, although a later message has arrived', async () => {
    values.set('lost', 'sealed');
    subscriber.connected();
    count = 3;
    for (const listener of subscriber.subscribers) listener('3 later sealed');
    await sync();
    expect(received).toContain('lost');
  });

  it('reads again when a message was skipped without a lost connection', async () => {
    receive('1 first sealed');
    await sync();
    received = [];
    values.set('lost', 'sealed');
    receive('3 later sealed');
    count = 3;
    await sync();
    expect(received).toEqual(['later', 'first', 'lost']);
    await sync();
    expect(received).toHaveLength(3);
  });

  it('publishes its revocations again when Redis counts fewer messages than were received, as after a failover', async () => {
    await sync();
    receive('2 second sealed');
    published = [{ name: 'second', value: 'sealed', untilMs: 1 }];
    await sync();
    expect(sent).toEqual(['second']);
  });

  it('subscribes over a new connection when messages do not arrive', async () => {
    await sync();
    const first = subscriber;
    for (let i = 0; i < 3; i += 1) {
      expect(subscriber).toBe(first);
      count += 1;
      await sync();
    }
    for (let i = 0; i < 2; i += 1) await sync();
    expect([subscriber === first, first.isOpen, subscriber.isReady]).toEqual([false, false, true]);
    expect(informed.at(-1)).toBe(true);
  });

  it('keeps a connection over which some messages arrive', async () => {
    await sync();
    const first = subscriber;
    for (let i = 0; i < 6; i += 1) {
      count += 1;
      await sync();
      if (i % 2 === 1) receive(`${count} new sealed`);
    }
    expect(subscriber).toBe(first);
  });

  it('reads again after a read that failed', async () => {
    values.set('second', 'sealed');
    subscriber.connected();
    readPage = () => Promise.reject(new Error('lost'));
    await sync();
    expect(informed.at(-1)).toBe(false);
    readPage = () => Promise.resolve();
    await sync();
    expect(received).toContain('second');
    expect(informed.at(-1)).toBe(true);
  });

  it('reports that revocations are unknown while the subscription has no connection', async () => {
    subscriber.isReady = false;
    await sync();
    expect(informed.at(-1)).toBe(false);
  });

  it('connects again when the client has given up, and subscribes once', async () => {
    subscriber.destroy();
    await sync();
    expect(informed.at(-1)).toBe(true);
    expect(subscriber.subscribers.size).toBe(1);
  });

  it('ignores a message number that is not a number, and still detects a lost message', async () => {
    for (const listener of subscriber.subscribers) listener('NaN forged sealed');
    values.set('lost', 'sealed');
    count = 2;
    await sync();
    await sync();
    expect(received).toContain('lost');
  });

  it('does not connect again when it is closed during a sync', async () => {
    subscriber.destroy();
    jest.advanceTimersByTime(SECOND_MS);
    feed.close();
    await jest.advanceTimersByTimeAsync(0);
    expect(subscriber.isOpen).toBe(false);
  });

  it('reports no error after it is closed', async () => {
    readPage = () => new Promise((_, reject) => setTimeout(() => reject(new Error('lost')), 500));
    subscriber.connected();
    await sync();
    const before = informed.length;
    feed.close();
    await sync();
    expect(informed).toHaveLength(before);
  });
});
