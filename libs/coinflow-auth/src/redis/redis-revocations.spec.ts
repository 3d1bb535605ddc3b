import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { RevocationFeed, RevocationNotice } from '../options/shared-store.js';
import type { NodeRedisSubscriber } from './node-redis-adapter.js';
import type { NodeRedisLike } from './redis-options.js';
import { redisSharedStore } from './redis-shared-store.js';

const SECOND_MS = 1_000;

/** A client of node-redis that listens, as far as it is used. */
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

describe('a feed of revocations', () => {
  let subscriber: FakeSubscriber;
  let values: Map<string, string>;
  let count: number;
  let answer: () => Promise<void>;
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
    answer = () => Promise.resolve();
    const client = {
      isOpen: true,
      isReady: true,
      duplicate: () => (subscriber = new FakeSubscriber()),
      sendCommand: async ([command, script, , , , , ...args]: string[]) => {
        await (command === 'HSCAN' ? answer() : undefined);
        // Values, end by name, the channel; then name, value and end of each.
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

  const look = (): Promise<void> => jest.advanceTimersByTimeAsync(SECOND_MS);

  const hear = (message: string): void => {
    for (const listener of subscriber.subscribers) listener(message);
  };

  it('reads what stands there once, and not again while nothing is missing', async () => {
    await look();
    expect(received).toEqual(['first']);
    expect(informed).toEqual([true, true]);
  });

  it('reads again when it was cut off, although a later message has come', async () => {
    values.set('lost', 'sealed');
    subscriber.connected();
    count = 3;
    for (const listener of subscriber.subscribers) listener('3 later sealed');
    await look();
    expect(received).toContain('lost');
  });

  it('reads again when a message was skipped, although nobody says that it was cut off', async () => {
    hear('1 first sealed');
    await look();
    received = [];
    values.set('lost', 'sealed');
    hear('3 later sealed');
    count = 3;
    await look();
    expect(received).toEqual(['later', 'first', 'lost']);
    await look();
    expect(received).toHaveLength(3);
  });

  it('publishes again what a failover has lost: Redis counts fewer messages than were received', async () => {
    await look();
    hear('2 second sealed');
    published = [{ name: 'second', value: 'sealed', untilMs: 1 }];
    await look();
    expect(sent).toEqual(['second']);
  });

  it('subscribes over another connection when messages do not arrive', async () => {
    await look();
    const dead = subscriber;
    for (let i = 0; i < 3; i += 1) {
      expect(subscriber).toBe(dead);
      count += 1;
      await look();
    }
    for (let i = 0; i < 2; i += 1) await look();
    expect([subscriber === dead, dead.isOpen, subscriber.isReady]).toEqual([false, false, true]);
    expect(informed.at(-1)).toBe(true);
  });

  it('keeps a connection over which messages arrive in between', async () => {
    await look();
    const busy = subscriber;
    for (let i = 0; i < 6; i += 1) {
      count += 1;
      await look();
      if (i % 2 === 1) hear(`${count} heard sealed`);
    }
    expect(subscriber).toBe(busy);
  });

  it('reads again when it could not read to the end', async () => {
    values.set('second', 'sealed');
    subscriber.connected();
    answer = () => Promise.reject(new Error('lost'));
    await look();
    expect(informed.at(-1)).toBe(false);
    answer = () => Promise.resolve();
    await look();
    expect(received).toContain('second');
    expect(informed.at(-1)).toBe(true);
  });

  it('does not know what is said while the connection that listens is lost', async () => {
    subscriber.isReady = false;
    await look();
    expect(informed.at(-1)).toBe(false);
  });

  it('connects anew when the client has given up, and listens once', async () => {
    subscriber.destroy();
    await look();
    expect(informed.at(-1)).toBe(true);
    expect(subscriber.subscribers.size).toBe(1);
  });

  it('is not missing what it has heard, whatever the count of a message says', async () => {
    for (const listener of subscriber.subscribers) listener('NaN forged sealed');
    values.set('lost', 'sealed');
    count = 2;
    await look();
    await look();
    expect(received).toContain('lost');
  });

  it('that is closed while it looks, does not connect again', async () => {
    subscriber.destroy();
    jest.advanceTimersByTime(SECOND_MS);
    feed.close();
    await jest.advanceTimersByTimeAsync(0);
    expect(subscriber.isOpen).toBe(false);
  });

  it('that is closed says nothing of what fails', async () => {
    answer = () => new Promise((_, reject) => setTimeout(() => reject(new Error('lost')), 500));
    subscriber.connected();
    await look();
    const before = informed.length;
    feed.close();
    await look();
    expect(informed).toHaveLength(before);
  });
});
