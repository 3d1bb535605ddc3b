import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { REJECT, FakeCoinflow, jwtOf } from '../../test-doubles/fake-coinflow.js';
import { TestInstance } from '../../test-doubles/test-instance.js';

const DAY_MS = 86_400_000;
const REVOKED = { code: 'COINFLOW_SESSION_REVOKED' };

describe('SessionKeyIssuer', () => {
  let coinflow: FakeCoinflow;
  let one: TestInstance;

  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask'] });
    coinflow = new FakeCoinflow();
    one = new TestInstance(coinflow);
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  it('reuses a key for the same user at the same address until shortly before it expires', async () => {
    const { key } = await one.create('alice', { clientIp: '203.0.113.7' });
    jest.advanceTimersByTime(DAY_MS - 302_000);
    expect((await one.create('alice', { clientIp: '203.0.113.7' })).key).toBe(key);
    expect((await one.create('alice', { clientIp: '203.0.113.8' })).key).not.toBe(key);
    expect((await one.create('alice')).key).not.toBe(key);
    expect((await one.create('bob', { clientIp: '203.0.113.7' })).key).not.toBe(key);
    jest.advanceTimersByTime(2_000);
    expect((await one.create('alice', { clientIp: '203.0.113.7' })).key).not.toBe(key);
    expect(coinflow.created).toBe(5);
  });

  it('reuses a key with a short life until a quarter of it is left', async () => {
    const exp = Math.floor(Date.now() / 1_000) + 20;
    coinflow.nextKey = coinflow.key({ exp });
    await one.create();
    jest.advanceTimersByTime(14_000);
    await one.create();
    expect(coinflow.created).toBe(1);
    jest.advanceTimersByTime(1_500);
    await one.create();
    expect(coinflow.created).toBe(2);
  });

  it('creates a fresh key for one call only: it joins no other call and is never reused', async () => {
    let created = 0;
    coinflow.getSessionKey = () => Promise.resolve(coinflow.key({ jti: (created += 1) }));
    const [first, ...fresh] = await Promise.all([
      one.create(),
      ...Array.from({ length: 3 }, () => one.create('alice', { fresh: true })),
    ]);
    expect(new Set([first, ...fresh].map((session) => session?.key)).size).toBe(4);
    // All are valid, and a later call gets the first one.
    for (const { key } of fresh) expect(one.verify(key)).toMatchObject({ key, subject: { userId: 'alice' } });
    expect((await one.create()).key).toBe(first?.key);
    expect(created).toBe(4);
    void one.revokeKey(fresh[0]?.key ?? '');
    for (const key of [first?.key, fresh[1]?.key]) expect(one.verify(key ?? '')).toMatchObject({ key });
  });

  it('creates different fresh keys for one user, also within the same second', async () => {
    jest.useRealTimers();
    const [first, second] = [await one.create('alice', { fresh: true }), await one.create('alice', { fresh: true })];
    expect(second.key).not.toBe(first.key);
    void one.revokeKey(first.key);
    expect(one.verify(second.key)).toMatchObject({ key: second.key });
  });

  it('returns a fresh key again if Coinflow creates no other one', async () => {
    jest.useRealTimers();
    coinflow.nextKey = coinflow.key();
    await one.create('alice', { fresh: true });
    await expect(one.create('alice', { fresh: true })).resolves.toMatchObject({ key: coinflow.nextKey });
  });

  it('makes one call for concurrent requests of one user', async () => {
    const sessions = await Promise.all(Array.from({ length: 100 }, () => one.create()));
    expect(coinflow.created).toBe(1);
    expect(new Set(sessions.map(({ key }) => key)).size).toBe(1);
  });

  it('creates a key after a failure', async () => {
    const { getSessionKey } = coinflow;
    coinflow.getSessionKey = () => Promise.reject(new Error('down'));
    await expect(one.create()).rejects.toThrow('down');
    coinflow.getSessionKey = getSessionKey;
    await expect(one.create()).resolves.toMatchObject({ subject: { userId: 'alice' } });
  });

  it('answers 503 when a created key has a claim that the guard cannot read', async () => {
    coinflow.nextKey = coinflow.key({ exp: 'tomorrow' });
    const unreadable = { code: 'COINFLOW_UNAVAILABLE', reason: 'created-key-malformed' };
    await expect(one.create()).rejects.toMatchObject({ ...unreadable, cause: { reason: 'malformed-claim' } });
  });

  it('does not reuse a key that was revoked, or that Coinflow has rejected', async () => {
    const { key } = await one.create();
    void one.revokeKey(key);
    jest.advanceTimersByTime(1_000);
    const second = await one.create();
    expect(second.key).not.toBe(key);
    expect((await one.create()).key).toBe(second.key);
    coinflow.response = REJECT;
    await expect(one.decide(second.key, 0)).rejects.toMatchObject({ code: 'COINFLOW_SESSION_REJECTED' });
    jest.advanceTimersByTime(1_000);
    expect((await one.create()).key).not.toBe(second.key);
  });

  it('returns a reused key as verified although the cache has dropped it', async () => {
    const small = new TestInstance(coinflow, { cache: { maxEntries: 2 } });
    const { key } = await small.create('alice');
    await small.decide(coinflow.key({ customerId: 'bob' }));
    await small.decide(coinflow.key({ customerId: 'carol' }));
    expect((await small.create('alice')).key).toBe(key);
    expect(await small.decidedBy(key)).toBe('cache');
  });

  it('does not reuse a key without an expiry', async () => {
    coinflow.nextKey = coinflow.know('a1b2c3d4e5f67890abcdef1234567890');
    await one.create();
    await one.create();
    expect(coinflow.created).toBe(2);
  });

  it('applies a revocation of the user to a created key without an issue time', async () => {
    jest.useRealTimers();
    coinflow.nextKey = coinflow.know(jwtOf({ customerId: 'alice', merchantId: 'ours', exp: 4_000_000_000 }));
    const { key } = await one.create();
    void one.revokeUser('alice');
    expect(() => one.verify(key)).toThrow(expect.objectContaining(REVOKED));
    coinflow.nextKey = coinflow.know(jwtOf({ customerId: 'alice', merchantId: 'ours', exp: 4_000_000_001 }));
    const next = await one.create();
    expect(one.verify(next.key)).toMatchObject({ key: next.key });
  });

  describe('after a revocation of the user', () => {
    beforeEach(() => {
      jest.useRealTimers();
    });

    it.each([0, 3_000, -3_000])(
      "creates a key that it does not cover, with Coinflow's clock %d ms ahead",
      async (skewMs) => {
        coinflow.skewMs = skewMs;
        const { key } = await one.create();
        void one.revokeUser('alice');
        const next = await one.create();
        expect(next.key).not.toBe(key);
        expect(one.verify(next.key)).toMatchObject({ subject: { userId: 'alice' } });
        expect(() => one.verify(key)).toThrow(expect.objectContaining(REVOKED));
        expect(coinflow.created).toBe(2);
      },
    );

    it('waits 3 s at most, then answers 503 if Coinflow has created no other key', async () => {
      void one.revokeUser('alice');
      coinflow.nextKey = coinflow.key();
      await expect(one.create()).rejects.toMatchObject({ code: 'COINFLOW_UNAVAILABLE', reason: 'created-key-revoked' });
      expect(coinflow.created).toBeLessThanOrEqual(4);
    });
  });
});
