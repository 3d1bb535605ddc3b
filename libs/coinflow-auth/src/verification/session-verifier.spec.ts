import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { DOWN, FakeCoinflow, NO, TestInstance, YES } from '../../test-doubles/fake-coinflow.js';
import { CoinflowMisconfiguredError, CoinflowBudgetExhaustedError } from '../errors/coinflow-auth.errors.js';
import { readClaims } from '../session/claims.js';
import type { CoinflowAuthModuleOptions } from '../options/coinflow-auth-options.js';

const DAY_MS = 86_400_000;
const OPAQUE = 'a1b2c3d4e5f67890abcdef1234567890';

describe('SessionVerifier', () => {
  let coinflow: FakeCoinflow;

  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask'] });
    coinflow = new FakeCoinflow();
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  const verifier = (options: Partial<CoinflowAuthModuleOptions> = {}): TestInstance =>
    new TestInstance(coinflow, options);

  it('a hit is answered, or refused, without a promise', async () => {
    const one = verifier();
    const key = coinflow.key();
    await one.verify(key);
    expect(one.verify(key)).toMatchObject({ key, subject: { userId: 'alice' } });
    jest.advanceTimersByTime(DAY_MS);
    jest.advanceTimersByTime(5_000);
    expect(() => one.verify(key)).toThrow(expect.objectContaining({ code: 'COINFLOW_SESSION_KEY_EXPIRED' }));
  });

  it('what is too long for a session key is rejected before it is hashed', () => {
    const one = verifier();
    const recall = jest.spyOn(one.sessions.memory, 'recall');
    for (const tag of ['', `~${'A'.repeat(43)}`]) {
      expect(() => one.verify('a'.repeat(1_000_000) + tag)).toThrow(
        expect.objectContaining({ code: 'COINFLOW_SESSION_KEY_MALFORMED', reason: 'too-long' }),
      );
    }
    expect(recall).not.toHaveBeenCalled();
  });

  it('the first yes counts only once a made-up key has been refused', async () => {
    coinflow.answerToStrangers = YES;
    const one = verifier();
    const key = coinflow.key();
    await expect(one.decide(key)).rejects.toMatchObject({
      code: 'COINFLOW_MISCONFIGURED',
      reason: 'accepts-any-key',
    });
    coinflow.answerToStrangers = DOWN;
    await expect(one.decide(key)).rejects.toMatchObject({ code: 'COINFLOW_UNAVAILABLE' });
    coinflow.answerToStrangers = NO;
    await expect(one.decide(key)).resolves.toMatchObject({ key });
    coinflow.answerToStrangers = YES;
    await expect(one.decide(coinflow.key({ customerId: 'bob' }))).resolves.toMatchObject({
      subject: { userId: 'bob' },
    });
  });

  it('the made-up key would be good but for its signature', async () => {
    const probe = jest.spyOn(coinflow, 'verifyToken');
    await verifier().decide(coinflow.key());
    const [forged = ''] = probe.mock.calls.map(([key]) => key).filter((key) => !coinflow.known.has(key));
    expect(readClaims(forged)).toMatchObject({ merchantId: 'ours', subject: { kind: 'user' } });
    expect(forged.split('.')[2]).toHaveLength(43);
  });

  it('maxAgeMs asks again once the proof is that old', async () => {
    const one = verifier();
    const key = coinflow.key();
    await one.decide(key);
    jest.advanceTimersByTime(999);
    await one.decide(key, 1_000);
    expect(coinflow.asked).toHaveLength(1);
    jest.advanceTimersByTime(1);
    await one.decide(key, 1_000);
    expect(coinflow.asked).toHaveLength(2);
  });

  it('the age of a proof counts from the beginning of the call', async () => {
    const one = verifier();
    const key = coinflow.key();
    coinflow.answer = () => new Promise((resolve) => setTimeout(resolve, 500));
    const slow = one.decide(key);
    await jest.advanceTimersByTimeAsync(500);
    await slow;
    coinflow.answer = YES;
    jest.advanceTimersByTime(500);
    await one.decide(key, 1_000);
    expect(coinflow.asked).toHaveLength(2);
  });

  it('the time to live varies by 10 % either way', async () => {
    const one = verifier({ cache: { ttlMs: 1_000 } });
    const random = jest.spyOn(Math, 'random');
    for (const [value, livesMs] of [
      [0, 900],
      [0.5, 1_000],
      [1, 1_100],
    ] as const) {
      random.mockReturnValue(value);
      const key = coinflow.key({ customerId: `user-${value}` });
      await one.decide(key);
      const asked = coinflow.asked.length;
      jest.advanceTimersByTime(livesMs - 1);
      await one.decide(key);
      expect(coinflow.asked).toHaveLength(asked);
      jest.advanceTimersByTime(1);
      await one.decide(key);
      expect(coinflow.asked).toHaveLength(asked + 1);
    }
    random.mockRestore();
  });

  it('a key that expires while Coinflow is asked lets nobody in', async () => {
    const one = verifier();
    const key = coinflow.key({ exp: Math.floor(Date.now() / 1_000) });
    coinflow.answer = () => new Promise((resolve) => setTimeout(resolve, 6_000));
    const late = one.decide(key);
    const outcome = expect(late).rejects.toMatchObject({ code: 'COINFLOW_SESSION_KEY_EXPIRED' });
    await jest.advanceTimersByTimeAsync(6_000);
    await outcome;
  });

  it('proven sessions are bounded, and junk pushes none out', async () => {
    const one = verifier({ cache: { maxEntries: 2 } });
    const [a, b, c] = ['a', 'b', 'c'].map((customerId) => coinflow.key({ customerId })) as [string, string, string];
    await one.decide(a);
    await one.decide(b);
    for (let i = 0; i < 100; i += 1) {
      const iat = 1_900_000_000 + i;
      const junk = Buffer.from(
        JSON.stringify({ customerId: `junk-${i}`, merchantId: 'ours', exp: iat + DAY_MS }),
      ).toString('base64url');
      await expect(one.decide(`e30.${junk}.${'A'.repeat(43)}`)).rejects.toMatchObject({
        code: 'COINFLOW_SESSION_REJECTED',
      });
    }
    expect(one.verify(a)).not.toBeInstanceOf(Promise);
    await one.decide(c);
    expect(one.verify(a)).not.toBeInstanceOf(Promise);
    expect(one.verify(b)).toBeInstanceOf(Promise);
  });

  describe('keys that do not say whose they are', () => {
    it('are refused without a call, unless the user opted in', async () => {
      const key = coinflow.know(OPAQUE);
      await expect(verifier().decide(key)).rejects.toMatchObject({
        code: 'COINFLOW_SESSION_REJECTED',
        reason: 'unbound',
      });
      expect(coinflow.asked).toEqual([]);
      await expect(verifier({ acceptUnboundKeys: true }).decide(key)).resolves.toMatchObject({
        subject: null,
        expiresAt: null,
      });
      expect(coinflow.asked).toEqual([key]);
    });

    it('of another merchant are refused even then', async () => {
      const key = coinflow.key({ merchantId: 'theirs', exp: undefined });
      await expect(verifier({ acceptUnboundKeys: true }).decide(key)).rejects.toMatchObject({
        reason: 'wrong-merchant',
      });
    });

    it.each([
      { merchantId: '' },
      { customerId: 7 },
      { wallet: true },
      { blockchain: '' },
      { exp: 'soon' },
      { iat: -1 },
    ])('a key with the unreadable claim %j is malformed, also with acceptUnboundKeys', async (claim) => {
      const key = coinflow.key(claim);
      await expect(verifier({ acceptUnboundKeys: true }).decide(key)).rejects.toMatchObject({
        code: 'COINFLOW_SESSION_KEY_MALFORMED',
        reason: 'malformed-claim',
      });
      expect(coinflow.asked).toEqual([]);
    });

    it('are good for 24 h where they were minted, and refused elsewhere', async () => {
      const one = verifier();
      const key = coinflow.know(OPAQUE);
      coinflow.nextKey = key;
      await one.create('alice');
      jest.advanceTimersByTime(DAY_MS - 1);
      expect(one.verify(key)).toMatchObject({ subject: { userId: 'alice' } });
      await expect(verifier().decide(key)).rejects.toMatchObject({ code: 'COINFLOW_SESSION_REJECTED' });
      // Asked about, it stays minted; but not for longer.
      await expect(one.decide(key, 0)).resolves.toMatchObject({ subject: { userId: 'alice' } });
      jest.advanceTimersByTime(1);
      await expect(one.decide(key)).rejects.toMatchObject({ code: 'COINFLOW_SESSION_REJECTED' });
    });

    it('come back after a no, with a new yes', async () => {
      const one = verifier();
      const key = coinflow.know(OPAQUE);
      coinflow.nextKey = key;
      await one.create('alice');
      coinflow.answer = NO;
      await expect(one.decide(key, 0)).rejects.toMatchObject({ code: 'COINFLOW_SESSION_REJECTED' });
      coinflow.answer = DOWN;
      await expect(one.decide(key)).rejects.toMatchObject({ code: 'COINFLOW_UNAVAILABLE' });
      coinflow.answer = YES;
      await expect(one.decide(key)).resolves.toMatchObject({ subject: { userId: 'alice' } });
    });
  });

  it('a minted key stays proven until it expires, asked about or not', async () => {
    const one = verifier();
    const { key } = await one.create();
    await one.decide(key, 0);
    jest.advanceTimersByTime(DAY_MS - 1_000);
    expect(one.verify(key)).toMatchObject({ key });
    expect(coinflow.asked).toHaveLength(1);
  });

  it('accepts a rejected key again once this application has created it', async () => {
    const one = verifier();
    const key = coinflow.key();
    coinflow.answer = NO;
    await expect(one.decide(key)).rejects.toMatchObject({ reason: 'rejected-by-coinflow' });
    await expect(one.decide(key)).rejects.toMatchObject({ reason: 'rejected-recently' });
    coinflow.nextKey = key;
    await one.create();
    coinflow.answer = YES;
    await expect(one.decide(key, 0)).resolves.toMatchObject({ key });
  });

  it('sets no timer', async () => {
    const one = verifier();
    await one.decide(coinflow.key());
    await expect(one.decide('junk')).rejects.toMatchObject({ code: 'COINFLOW_SESSION_REJECTED' });
    expect(jest.getTimerCount()).toBe(0);
  });

  describe('while Coinflow cannot be asked', () => {
    const TTL_MS = 60_000;
    const STALE_MS = 600_000;
    let one: TestInstance;
    let key: string;

    beforeEach(async () => {
      one = verifier({ cache: { ttlMs: TTL_MS, staleIfErrorMs: STALE_MS } });
      key = coinflow.key();
      await one.decide(key);
      coinflow.answer = DOWN;
    });

    it('a session proven before is honoured until its time to live and the extra time are over', async () => {
      jest.advanceTimersByTime(TTL_MS + STALE_MS - 1);
      await expect(one.decide(key)).resolves.toMatchObject({ key });
      expect(await one.decidedBy(key)).toBe('stale');
      expect(coinflow.asked.length).toBeGreaterThan(1);
      jest.advanceTimersByTime(1);
      await expect(one.decide(key)).rejects.toMatchObject({ code: 'COINFLOW_UNAVAILABLE' });
    });

    it('also at Coinflow’s 429', async () => {
      coinflow.answer = () =>
        Promise.reject(new CoinflowBudgetExhaustedError('slow down', { reason: 'rate-limited', retryAfterMs: 1_000 }));
      jest.advanceTimersByTime(2 * TTL_MS);
      await expect(one.decide(key)).resolves.toMatchObject({ key });
    });

    it('never older than the route allows, and never when it asks every time', async () => {
      jest.advanceTimersByTime(2 * TTL_MS);
      await expect(one.decide(key, 2 * TTL_MS + 1)).resolves.toMatchObject({ key });
      await expect(one.decide(key, 2 * TTL_MS)).rejects.toMatchObject({ code: 'COINFLOW_UNAVAILABLE' });
      await expect(one.decide(key, 0)).rejects.toMatchObject({ code: 'COINFLOW_UNAVAILABLE' });
    });

    it('never past its expiry, never revoked, never after a no', async () => {
      const short = coinflow.key({ customerId: 'bob', exp: Math.floor(Date.now() / 1_000) + 90 });
      coinflow.answer = YES;
      await one.decide(short);
      const refused = coinflow.key({ customerId: 'carol' });
      await one.decide(refused);
      coinflow.answer = NO;
      await expect(one.decide(refused, 0)).rejects.toMatchObject({ code: 'COINFLOW_SESSION_REJECTED' });
      coinflow.answer = DOWN;
      jest.advanceTimersByTime(2 * TTL_MS);
      await expect(one.decide(short)).rejects.toMatchObject({ code: 'COINFLOW_SESSION_KEY_EXPIRED' });
      await expect(one.decide(refused)).rejects.toMatchObject({ code: 'COINFLOW_UNAVAILABLE' });
      void one.revokeKey(key);
      await expect(one.decide(key)).rejects.toMatchObject({ code: 'COINFLOW_SESSION_REVOKED' });
    });

    it('a stranger is never let in, nor a mistake of ours covered up', async () => {
      jest.advanceTimersByTime(2 * TTL_MS);
      await expect(one.decide(coinflow.key({ customerId: 'bob' }))).rejects.toMatchObject({
        code: 'COINFLOW_UNAVAILABLE',
      });
      coinflow.answer = () => Promise.reject(new CoinflowMisconfiguredError('wrong', { reason: 'wrong-url' }));
      await expect(one.decide(key)).rejects.toMatchObject({ code: 'COINFLOW_MISCONFIGURED' });
    });

    it('without the option the proof ends with its time to live', async () => {
      const strict = verifier({ cache: { ttlMs: TTL_MS } });
      coinflow.answer = YES;
      await strict.decide(key);
      coinflow.answer = DOWN;
      jest.advanceTimersByTime(1.1 * TTL_MS + 1);
      await expect(strict.decide(key)).rejects.toMatchObject({ code: 'COINFLOW_UNAVAILABLE' });
    });
  });

  it('says what each decision came from', async () => {
    const one = verifier();
    const key = coinflow.key();
    const first = one.decidedBy(key);
    const second = one.decidedBy(key);
    expect(await Promise.all([first, second])).toEqual(['coinflow', 'coalesced']);
    expect(await one.decidedBy(key)).toBe('cache');
    expect(await one.decidedBy(key, 0)).toBe('coinflow');
    expect(await one.decidedBy('junk')).toBe('claims');
    expect(await one.decidedBy(coinflow.key({ exp: 1 }))).toBe('claims');
    coinflow.answer = NO;
    const refused = coinflow.key({ customerId: 'bob' });
    expect(await one.decidedBy(refused)).toBe('coinflow');
    expect(await one.decidedBy(refused)).toBe('negative-cache');
    void one.revokeKey(key);
    expect(await one.decidedBy(key)).toBe('revocation');
  });
});
