import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { FakeCoinflow, NO, TestInstance, jwtOf } from '../../test-doubles/fake-coinflow.js';

const DAY_MS = 86_400_000;
const REVOKED = { code: 'COINFLOW_SESSION_REVOKED' };

describe('minting', () => {
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

  it('hands a key out again, to the same payer at the same address, until shortly before it expires', async () => {
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

  it('of keys that live shortly leaves a quarter of their life', async () => {
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

  it('gives a fresh key to one call alone: it joins no other call and is never reused', async () => {
    let created = 0;
    coinflow.getSessionKey = () => Promise.resolve(coinflow.key({ jti: (created += 1) }));
    const [first, ...fresh] = await Promise.all([
      one.create(),
      ...Array.from({ length: 3 }, () => one.create('alice', { fresh: true })),
    ]);
    expect(new Set([first, ...fresh].map((session) => session?.key)).size).toBe(4);
    // All are good, and a later call gets the first one.
    for (const { key } of fresh) expect(one.verify(key)).toMatchObject({ key, subject: { userId: 'alice' } });
    expect((await one.create()).key).toBe(first?.key);
    expect(created).toBe(4);
    void one.revokeKey(fresh[0]?.key ?? '');
    for (const key of [first?.key, fresh[1]?.key]) expect(one.verify(key ?? '')).toMatchObject({ key });
  });

  it('gives each fresh key of one user a text of its own, also within the same second', async () => {
    jest.useRealTimers();
    const [first, second] = [await one.create('alice', { fresh: true }), await one.create('alice', { fresh: true })];
    expect(second.key).not.toBe(first.key);
    void one.revokeKey(first.key);
    expect(one.verify(second.key)).toMatchObject({ key: second.key });
  });

  it('gives a fresh key again rather than none where Coinflow creates no other', async () => {
    jest.useRealTimers();
    coinflow.nextKey = coinflow.key();
    await one.create('alice', { fresh: true });
    await expect(one.create('alice', { fresh: true })).resolves.toMatchObject({ key: coinflow.nextKey });
  });

  it('makes one call for all who ask at once', async () => {
    const sessions = await Promise.all(Array.from({ length: 100 }, () => one.create()));
    expect(coinflow.created).toBe(1);
    expect(new Set(sessions.map(({ key }) => key)).size).toBe(1);
  });

  it('keeps no failure', async () => {
    const { getSessionKey } = coinflow;
    coinflow.getSessionKey = () => Promise.reject(new Error('away'));
    await expect(one.create()).rejects.toThrow('away');
    coinflow.getSessionKey = getSessionKey;
    await expect(one.create()).resolves.toMatchObject({ subject: { userId: 'alice' } });
  });

  it('answers 503 when a created key has a claim that the guard cannot read', async () => {
    coinflow.nextKey = coinflow.key({ exp: 'tomorrow' });
    const unreadable = { code: 'COINFLOW_UNAVAILABLE', reason: 'created-key-malformed' };
    await expect(one.create()).rejects.toMatchObject({ ...unreadable, cause: { reason: 'unreadable-claim' } });
  });

  it('never hands out a revoked key again, nor one that Coinflow has said no to', async () => {
    const { key } = await one.create();
    void one.revokeKey(key);
    jest.advanceTimersByTime(1_000);
    const second = await one.create();
    expect(second.key).not.toBe(key);
    expect((await one.create()).key).toBe(second.key);
    coinflow.answer = NO;
    await expect(one.decide(second.key, 0)).rejects.toMatchObject({ code: 'COINFLOW_SESSION_REJECTED' });
    jest.advanceTimersByTime(1_000);
    expect((await one.create()).key).not.toBe(second.key);
  });

  it('what it hands out again is proven, though memory has forgotten it', async () => {
    const small = new TestInstance(coinflow, { cache: { maxEntries: 2 } });
    const { key } = await small.create('alice');
    await small.decide(coinflow.key({ customerId: 'bob' }));
    await small.decide(coinflow.key({ customerId: 'carol' }));
    expect((await small.create('alice')).key).toBe(key);
    expect(await small.decidedBy(key)).toBe('cache');
  });

  it('does not hand out again what does not say when it expires', async () => {
    coinflow.nextKey = coinflow.know('a1b2c3d4e5f67890abcdef1234567890');
    await one.create();
    await one.create();
    expect(coinflow.created).toBe(2);
  });

  it('knows when it obtained a key that does not say so, for a revocation of its payer', async () => {
    jest.useRealTimers();
    coinflow.nextKey = coinflow.know(jwtOf({ customerId: 'alice', merchantId: 'ours', exp: 4_000_000_000 }));
    const { key } = await one.create();
    void one.revokeUser('alice');
    expect(() => one.verify(key)).toThrow(expect.objectContaining(REVOKED));
    coinflow.nextKey = coinflow.know(jwtOf({ customerId: 'alice', merchantId: 'ours', exp: 4_000_000_001 }));
    const next = await one.create();
    expect(one.verify(next.key)).toMatchObject({ key: next.key });
  });

  describe('after a revocation of the payer', () => {
    beforeEach(() => {
      jest.useRealTimers();
    });

    it.each([0, 3_000, -3_000])(
      'gives a key that is not covered by it, with Coinflow’s clock %d ms ahead',
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

    it('waits 3 s at most: what Coinflow then creates is a 503, and nobody gets it', async () => {
      void one.revokeUser('alice');
      coinflow.nextKey = coinflow.key();
      await expect(one.create()).rejects.toMatchObject({ code: 'COINFLOW_UNAVAILABLE', reason: 'created-key-revoked' });
      expect(coinflow.created).toBeLessThanOrEqual(4);
    });
  });
});
