import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ACCEPT, DOWN, REJECT, FakeCoinflow } from '../../test-doubles/fake-coinflow.js';
import { TestInstance } from '../../test-doubles/test-instance.js';
import { RecordingLogger } from '../../../../test/harness/recording-logger.js';
import { FAILS, HANGS, SharedStore } from '../../test-doubles/shared-store.js';
import type { CoinflowAuthModuleOptions } from '../options/coinflow-auth-options.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const [OLD_SEAL_KEY, NEW_SEAL_KEY] = [1, 2].map((byte) => Buffer.alloc(32, byte).toString('base64')) as [
  string,
  string,
];
const REJECTED = { code: 'COINFLOW_SESSION_REJECTED' };

let coinflow: FakeCoinflow;
let store: SharedStore;
let logger: RecordingLogger;

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask'] });
  Logger.overrideLogger((logger = new RecordingLogger()));
  coinflow = new FakeCoinflow();
  store = new SharedStore();
});

afterEach(() => {
  jest.useRealTimers();
  Logger.overrideLogger(false);
});

/** A new replica each time. */
function instance(options: Partial<CoinflowAuthModuleOptions> = {}): TestInstance {
  return new TestInstance(coinflow, { store, ...options });
}

const sharedIn = (one: TestInstance) => one.sessions.sharedCache?.statistics;

/** Waits for writes in the background. */
const settle = (): Promise<void> => jest.advanceTimersByTimeAsync(0);

describe('a session that one replica has verified', () => {
  it('a session that one replica has verified is accepted by the other replicas without a call', async () => {
    const key = coinflow.key();
    await instance().decide(key);
    await settle();
    const other = instance();
    expect(await other.decide(key)).toMatchObject({ key, subject: { kind: 'user', userId: 'alice' } });
    expect(coinflow.calls).toEqual([key]);
    expect(await instance().decidedBy(key)).toBe('shared-cache');
    expect(await other.decidedBy(key)).toBe('cache');
  });

  it('a shared session is read from the store once for all concurrent requests', async () => {
    const key = coinflow.key();
    await instance().decide(key);
    await settle();
    store.asked = 0;
    const other = instance();
    await Promise.all(Array.from({ length: 100 }, () => other.decide(key)));
    expect(store.asked).toBe(1);
    expect(coinflow.calls).toEqual([key]);
  });

  it('a shared session is accepted without a second call when a concurrent call verifies it during the read of the store', async () => {
    const key = coinflow.key();
    const after = (ms: number) => (): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
    const one = instance();
    coinflow.response = after(10);
    const first = one.decide(key);
    await jest.advanceTimersByTimeAsync(5);
    jest.spyOn(store, 'get').mockImplementation(after(20));
    const second = one.decidedBy(key);
    await jest.advanceTimersByTimeAsync(25);
    expect(await first).toMatchObject({ key });
    expect(await second).toBe('cache');
    expect(coinflow.calls).toEqual([key]);
  });

  it('a shared session is valid on another replica for no longer than on the first', async () => {
    const key = coinflow.key();
    await instance({ cache: { ttlMs: HOUR_MS } }).decide(key);
    await jest.advanceTimersByTimeAsync(50 * MINUTE_MS);
    const other = instance();
    await other.decide(key);
    // The time to live is lengthened by 10 % at most.
    await jest.advanceTimersByTimeAsync(16 * MINUTE_MS + 1_000);
    await other.decide(key);
    expect(coinflow.calls).toEqual([key, key]);
  });

  it('a shared session is verified again for a route whose maxAgeMs it exceeds', async () => {
    const key = coinflow.key();
    await instance().decide(key);
    await jest.advanceTimersByTimeAsync(10 * MINUTE_MS);
    expect(await instance().decidedBy(key, 11 * MINUTE_MS)).toBe('shared-cache');
    expect(await instance().decidedBy(key, 9 * MINUTE_MS)).toBe('coinflow');
    expect(await instance().decidedBy(key, 0)).toBe('coinflow');
  });

  it("a shared session does not become younger when a replica's clock is ahead", async () => {
    const key = coinflow.key();
    await instance({ cache: { ttlMs: HOUR_MS } }).decide(key);
    await settle();
    const other = instance();
    jest.setSystemTime(Date.now() - 10 * HOUR_MS);
    await other.decide(key);
    jest.setSystemTime(Date.now() + 10 * HOUR_MS);
    await jest.advanceTimersByTimeAsync(67 * MINUTE_MS);
    await other.decide(key);
    expect(coinflow.calls).toEqual([key, key]);
  });

  it('a shared session is rejected on another replica when it is expired, revoked or of another merchant', async () => {
    const [revoked, short] = [coinflow.key(), coinflow.key({ exp: Math.floor(Date.now() / 1_000) + 60 })];
    const one = instance();
    for (const key of [revoked, short]) await one.decide(key);
    await settle();
    const other = instance();
    void other.revokeUser('alice');
    await expect(other.decide(revoked)).rejects.toMatchObject({ code: 'COINFLOW_SESSION_REVOKED' });
    await jest.advanceTimersByTimeAsync(66_000);
    await expect(instance().decide(short)).rejects.toMatchObject({ code: 'COINFLOW_SESSION_KEY_EXPIRED' });
    await expect(instance({ merchantId: 'theirs' }).decide(revoked)).rejects.toMatchObject({
      code: 'COINFLOW_SESSION_WRONG_MERCHANT',
    });
  });

  it('a shared session is stored until the key expires, and not at all when it has expired', async () => {
    const [short, over] = [600, -2].map((s) => coinflow.key({ exp: Math.floor(Date.now() / 1_000) + s })) as [
      string,
      string,
    ];
    await instance().decide(short);
    await instance().decide(over);
    await settle();
    expect(Array.from(store.entries.values(), ({ until }) => until <= Date.now() + 600_000)).toEqual([true]);
  });

  it('a shared session is removed from the store when Coinflow rejects the key', async () => {
    const key = coinflow.key();
    const one = instance();
    await one.decide(key);
    await settle();
    coinflow.response = REJECT;
    await expect(one.decide(key, 0)).rejects.toMatchObject(REJECTED);
    await settle();
    await expect(instance().decide(key)).rejects.toMatchObject(REJECTED);
  });

  it('a shared session does not override a rejection that this replica has received', async () => {
    const key = coinflow.key();
    const [one, other] = [instance(), instance()];
    await one.decide(key);
    coinflow.response = REJECT;
    await expect(one.decide(key, 0)).rejects.toMatchObject(REJECTED);
    await settle();
    coinflow.response = ACCEPT;
    await other.decide(key);
    await settle();
    coinflow.response = REJECT;
    await expect(one.decide(key)).rejects.toMatchObject(REJECTED);
  });

  it('a shared session is removed from the store when the key is revoked', async () => {
    const key = coinflow.key();
    const one = instance();
    await one.decide(key);
    await settle();
    expect(store.entries.size).toBe(1);
    void one.revokeKey(key);
    await settle();
    expect(store.entries.size).toBe(0);
  });

  it('a shared session is rejected when the key is revoked during the read of the store', async () => {
    const key = coinflow.key();
    await instance().decide(key);
    await settle();
    const other = instance();
    const decision = other.decide(key);
    void other.revokeKey(key);
    await expect(decision).rejects.toMatchObject({ code: 'COINFLOW_SESSION_REVOKED' });
    await expect(other.decide(key)).rejects.toMatchObject({ code: 'COINFLOW_SESSION_REVOKED' });
  });

  it('writes nothing to the store for a rejected key', async () => {
    await expect(instance().decide('an-opaque-key')).rejects.toMatchObject({ code: 'COINFLOW_SESSION_REJECTED' });
    coinflow.response = REJECT;
    await expect(instance().decide(coinflow.key())).rejects.toMatchObject(REJECTED);
    await settle();
    expect(store.entries.size).toBe(0);
  });
});

describe('a session key that one replica has created', () => {
  it('a created session key is reused by every replica, which knows that the application created it', async () => {
    const { key } = await instance().create('alice');
    await settle();
    const other = instance();
    expect((await other.create('alice')).key).toBe(key);
    expect(coinflow.created).toBe(1);
    expect(await other.decidedBy(key)).toBe('cache');
    expect(await instance().decidedBy(key)).toBe('shared-cache');
    expect(await instance().decide(key)).toMatchObject({ attestedKey: expect.stringContaining(key) });
    expect(coinflow.calls).toEqual([]);
  });

  it('a created session key is not reused for another user, another client IP, or a fresh key', async () => {
    await instance().create('alice', { clientIp: '203.0.113.1' });
    await settle();
    await instance().create('bob', { clientIp: '203.0.113.1' });
    await instance().create('alice', { clientIp: '203.0.113.2' });
    await instance().create('alice', { clientIp: '203.0.113.1', fresh: true });
    expect(coinflow.created).toBe(4);
  });

  it('a created session key is not reused when it is about to expire', async () => {
    await instance().create('alice');
    const [[name, entry] = ['', { value: '', until: 0 }]] = Array.from(store.entries).filter(([key]) =>
      key.includes(':created:'),
    );
    await jest.advanceTimersByTimeAsync(24 * HOUR_MS - 4 * MINUTE_MS);
    store.entries.set(name, { ...entry, until: Infinity });
    await instance().create('alice');
    expect(coinflow.created).toBe(2);
  });

  it('a created session key is not reused after its user was revoked', async () => {
    await instance().create('alice');
    await settle();
    const other = instance();
    void other.revokeUser('alice');
    const creating = other.create('alice');
    await jest.advanceTimersByTimeAsync(2_000);
    await creating;
    expect(coinflow.created).toBe(2);
  });

  it('a created session key is accepted for the user it was created for, even if the key names none', async () => {
    coinflow.nextKey = 'opaque-session-key';
    await instance().create('alice');
    await settle();
    // A key without an expiry is not reused.
    expect(store.text).not.toContain(':created:');
    const session = await instance().decide('opaque-session-key');
    expect(session).toMatchObject({ subject: { kind: 'user', userId: 'alice' }, attestedKey: undefined });
    // Created by this application, which is known for a day.
    await jest.advanceTimersByTimeAsync(24 * HOUR_MS);
    await expect(instance().decide('opaque-session-key')).rejects.toMatchObject({
      code: 'COINFLOW_SESSION_REJECTED',
    });
  });
});

describe('a shared store', () => {
  it.each([
    ['fails', FAILS],
    ['hangs', HANGS],
    [
      'throws at once',
      () => {
        throw new Error('ECONNREFUSED');
      },
    ],
  ])('a shared store that %s delays requests only shortly and rejects none', async (_how, before) => {
    store.before = before;
    const one = instance();
    const keys = Array.from({ length: 20 }, (_, i) => coinflow.key({ customerId: `user-${i}` }));
    for (const key of keys) {
      const decided = one.decide(key);
      await jest.advanceTimersByTimeAsync(50);
      await decided;
      await jest.advanceTimersByTimeAsync(50);
    }
    expect(coinflow.calls).toEqual(keys);
    // Read and written for each until the breaker opened.
    expect(sharedIn(one)).toMatchObject({ failures: 5, hits: 0, breaker: 'open' });
    expect(logger.at('warn')).toEqual([expect.stringMatching(/The shared store of sessions failed 5 times in a row/)]);
    store.before = () => Promise.resolve();
    await jest.advanceTimersByTimeAsync(5_000);
    await one.decide(coinflow.key({ customerId: 'last' }));
    expect(sharedIn(one)).toMatchObject({ breaker: 'closed' });
    expect(logger.at('log')).toEqual([expect.stringMatching(/The shared store of sessions responds again/)]);
  });

  it.each([
    ['garbage', 'garbage'],
    ['nothing', ''],
    ['an object', { a: 1 }],
    ['a number', 7],
    ['a long text', 'A'.repeat(10_000)],
  ])('a shared store that returns %s counts as unreadable, and Coinflow is asked', async (_what, value) => {
    const key = coinflow.key();
    jest.spyOn(store, 'get').mockResolvedValue(value);
    const one = instance();
    await one.decide(key);
    expect(coinflow.calls).toEqual([key]);
    expect(sharedIn(one)).toMatchObject({ hits: 0, unreadable: 1 });
  });

  it('waits for the shared store as long as its timeoutMs says', async () => {
    const key = coinflow.key();
    await instance().decide(key);
    await settle();
    store.before = () => new Promise((resolve) => setTimeout(resolve, 100));
    for (const [timeoutMs, source] of [
      [200, 'shared-cache'],
      [undefined, 'coinflow'],
    ] as const) {
      const decided = instance({ store: Object.assign(store, { timeoutMs }) }).decidedBy(key);
      await jest.advanceTimersByTimeAsync(100);
      expect(await decided).toBe(source);
    }
  });

  it('leaves no timer behind after a verification', async () => {
    await instance().decide(coinflow.key());
    await settle();
    expect(jest.getTimerCount()).toBe(0);
  });

  it('does not read the shared store for a cached or attested key', async () => {
    const one = instance();
    const { key, attestedKey = '' } = await one.create();
    await settle();
    store.asked = 0;
    void one.verify(key);
    void instance().verify(attestedKey);
    expect(store.asked).toBe(0);
  });

  it('a shared store that is down does not change that an outage of Coinflow is a 503', async () => {
    store.before = FAILS;
    coinflow.response = DOWN;
    await expect(instance().decide(coinflow.key())).rejects.toMatchObject({ code: 'COINFLOW_UNAVAILABLE' });
  });
});

describe('an attacker who reads the store', () => {
  it('an attacker who reads the store finds no session key, no user and no address there', async () => {
    const one = instance();
    const { key } = await one.create('alice-in-wonderland', { clientIp: '203.0.113.77' });
    await one.decide(coinflow.key({ customerId: 'bob-the-builder' }));
    await settle();
    expect(store.entries.size).toBe(3);
    const text = store.text + Buffer.from(store.text.replace(/[^\w-]/g, ''), 'base64url').toString('latin1');
    for (const secret of [key, key.split('.')[1] ?? '', 'alice', 'bob', '203.0.113', 'ours']) {
      expect(text).not.toContain(secret);
    }
    // The same content is sealed differently each time.
    const values = Array.from(store.entries.values(), ({ value }) => value);
    for (const name of store.entries.keys()) if (name.includes(':created:')) store.entries.delete(name);
    await instance().create('alice-in-wonderland', { clientIp: '203.0.113.77' });
    await settle();
    expect(store.entries.size).toBe(3);
    expect(
      Array.from(store.entries.values(), ({ value }) => value).filter((value) => values.includes(value)),
    ).toHaveLength(1);
  });
});

describe('an attacker who writes to the store', () => {
  /** The entries of one kind, by their keys in the store. */
  const entriesOf = (kind: string): [string, { value: string; until: number }][] =>
    Array.from(store.entries).filter(([key]) => key.includes(`:${kind}:`));

  it('an attacker who writes to the store cannot authenticate with an entry of another name or kind', async () => {
    await instance().create('mallory');
    await settle();
    const theirs = [...entriesOf('session'), ...entriesOf('created')];
    expect(theirs).toHaveLength(2);
    const key = coinflow.key({ customerId: 'alice' });
    await instance().decide(key);
    await settle();
    const [name = ''] = Array.from(store.entries.keys()).filter((one) => !theirs.some(([other]) => other === one));
    coinflow.response = REJECT;
    for (const [, entry] of theirs) {
      store.entries.set(name, entry);
      await expect(instance().decide(key)).rejects.toMatchObject(REJECTED);
    }
  });

  it('an attacker who writes to the store cannot make the application return the key of another user', async () => {
    await instance().create('mallory');
    await settle();
    const [[, mallorys] = []] = entriesOf('created');
    await instance().create('alice');
    await settle();
    for (const [key] of entriesOf('created')) store.entries.set(key, mallorys ?? { value: '', until: 0 });
    expect(await instance().create('alice')).toMatchObject({ subject: { userId: 'alice' } });
    expect(coinflow.created).toBe(3);
  });

  it('an attacker who writes to the store cannot extend a session by writing an old entry again', async () => {
    const key = coinflow.key();
    await instance({ cache: { ttlMs: MINUTE_MS } }).decide(key);
    await settle();
    const [[name, entry] = ['', { value: '', until: 0 }]] = entriesOf('session');
    await jest.advanceTimersByTimeAsync(67_000);
    store.entries.set(name, { ...entry, until: Infinity });
    coinflow.response = REJECT;
    await expect(instance().decide(key)).rejects.toMatchObject(REJECTED);
  });

  it('an attacker who writes to the store cannot use entries of another environment, API or merchant with the same seal keys', async () => {
    const key = coinflow.key({ merchantId: undefined });
    const options = { sealKeys: [OLD_SEAL_KEY], acceptUnboundKeys: true };
    await instance(options).decide(key);
    await settle();
    coinflow.response = REJECT;
    for (const other of [
      { env: 'staging' as const },
      { merchantId: 'theirs' },
      { baseUrl: 'https://api.example.com' },
    ]) {
      await expect(instance({ ...options, ...other }).decide(key)).rejects.toMatchObject(REJECTED);
    }
    expect(await instance(options).decide(key)).toMatchObject({ key });
  });
});

describe('rotated seal keys', () => {
  const HOLDING = { customerId: 'alice' };

  it('rotated seal keys make entries of the old key a miss, and entries of the new key readable on every replica that has it', async () => {
    const before = { sealKeys: [OLD_SEAL_KEY, NEW_SEAL_KEY] };
    const after = { sealKeys: [NEW_SEAL_KEY, OLD_SEAL_KEY] };
    const key = coinflow.key(HOLDING);
    await instance(before).decide(key);
    await settle();
    const one = instance(after);
    await one.decide(key);
    await settle();
    expect(coinflow.calls).toEqual([key, key]);
    expect(sharedIn(one)).toMatchObject({ misses: 1, unreadable: 0 });
    await instance(after).decide(key);
    await instance(before).decide(key);
    expect(coinflow.calls).toEqual([key, key]);
  });
});
