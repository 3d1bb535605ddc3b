import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ACCEPT, DOWN, REJECT, FakeCoinflow } from '../../test-doubles/fake-coinflow.js';
import { TestInstance } from '../../test-doubles/test-instance.js';
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

  it('accepts or rejects a cached key synchronously', async () => {
    const one = verifier();
    const key = coinflow.key();
    await one.verify(key);
    expect(one.verify(key)).toMatchObject({ key, subject: { userId: 'alice' } });
    jest.advanceTimersByTime(DAY_MS);
    jest.advanceTimersByTime(5_000);
    expect(() => one.verify(key)).toThrow(expect.objectContaining({ code: 'COINFLOW_SESSION_KEY_EXPIRED' }));
  });

  it('rejects a text that is too long for a session key before it is hashed', () => {
    const one = verifier();
    const recall = jest.spyOn(one.sessions.cache, 'get');
    for (const tag of ['', `~${'A'.repeat(43)}`]) {
      expect(() => one.verify('a'.repeat(1_000_000) + tag)).toThrow(
        expect.objectContaining({ code: 'COINFLOW_SESSION_KEY_MALFORMED', reason: 'too-long' }),
      );
    }
    expect(recall).not.toHaveBeenCalled();
  });

  it('accepts no key until Coinflow has rejected a random key', async () => {
    coinflow.responseToOtherKeys = ACCEPT;
    const one = verifier();
    const key = coinflow.key();
    await expect(one.decide(key)).rejects.toMatchObject({
      code: 'COINFLOW_MISCONFIGURED',
      reason: 'accepts-any-key',
    });
    coinflow.responseToOtherKeys = DOWN;
    await expect(one.decide(key)).rejects.toMatchObject({ code: 'COINFLOW_UNAVAILABLE' });
    coinflow.responseToOtherKeys = REJECT;
    await expect(one.decide(key)).resolves.toMatchObject({ key });
    coinflow.responseToOtherKeys = ACCEPT;
    await expect(one.decide(coinflow.key({ customerId: 'bob' }))).resolves.toMatchObject({
      subject: { userId: 'bob' },
    });
  });

  it('sends a random key that is invalid only by its signature', async () => {
    const probe = jest.spyOn(coinflow, 'verifyToken');
    await verifier().decide(coinflow.key());
    const [forged = ''] = probe.mock.calls.map(([key]) => key).filter((key) => !coinflow.known.has(key));
    expect(readClaims(forged)).toMatchObject({ merchantId: 'ours', subject: { kind: 'user' } });
    expect(forged.split('.')[2]).toHaveLength(43);
  });

  it('asks Coinflow again once a verification is as old as maxAgeMs', async () => {
    const one = verifier();
    const key = coinflow.key();
    await one.decide(key);
    jest.advanceTimersByTime(999);
    await one.decide(key, 1_000);
    expect(coinflow.calls).toHaveLength(1);
    jest.advanceTimersByTime(1);
    await one.decide(key, 1_000);
    expect(coinflow.calls).toHaveLength(2);
  });

  it('counts the age of a verification from the start of the call', async () => {
    const one = verifier();
    const key = coinflow.key();
    coinflow.response = () => new Promise((resolve) => setTimeout(resolve, 500));
    const slow = one.decide(key);
    await jest.advanceTimersByTimeAsync(500);
    await slow;
    coinflow.response = ACCEPT;
    jest.advanceTimersByTime(500);
    await one.decide(key, 1_000);
    expect(coinflow.calls).toHaveLength(2);
  });

  it('varies the time to live by 10 % either way', async () => {
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
      const asked = coinflow.calls.length;
      jest.advanceTimersByTime(livesMs - 1);
      await one.decide(key);
      expect(coinflow.calls).toHaveLength(asked);
      jest.advanceTimersByTime(1);
      await one.decide(key);
      expect(coinflow.calls).toHaveLength(asked + 1);
    }
    random.mockRestore();
  });

  it('rejects a key that expires during the call', async () => {
    const one = verifier();
    const key = coinflow.key({ exp: Math.floor(Date.now() / 1_000) });
    coinflow.response = () => new Promise((resolve) => setTimeout(resolve, 6_000));
    const late = one.decide(key);
    const outcome = expect(late).rejects.toMatchObject({ code: 'COINFLOW_SESSION_KEY_EXPIRED' });
    await jest.advanceTimersByTimeAsync(6_000);
    await outcome;
  });

  it('bounds the cached sessions, and evicts none for invalid keys', async () => {
    const one = verifier({ cache: { maxEntries: 2 } });
    const [a, b, c] = ['a', 'b', 'c'].map((customerId) => coinflow.key({ customerId })) as [string, string, string];
    await one.decide(a);
    await one.decide(b);
    for (let i = 0; i < 100; i += 1) {
      const iat = 1_900_000_000 + i;
      const payload = Buffer.from(
        JSON.stringify({ customerId: `forged-${i}`, merchantId: 'ours', exp: iat + DAY_MS }),
      ).toString('base64url');
      await expect(one.decide(`e30.${payload}.${'A'.repeat(43)}`)).rejects.toMatchObject({
        code: 'COINFLOW_SESSION_REJECTED',
      });
    }
    expect(one.verify(a)).not.toBeInstanceOf(Promise);
    await one.decide(c);
    expect(one.verify(a)).not.toBeInstanceOf(Promise);
    expect(one.verify(b)).toBeInstanceOf(Promise);
  });

  describe('keys that do not name their owner', () => {
    it('keys that do not name their owner are rejected without a call, unless acceptUnboundKeys is set', async () => {
      const key = coinflow.know(OPAQUE);
      await expect(verifier().decide(key)).rejects.toMatchObject({
        code: 'COINFLOW_SESSION_REJECTED',
        reason: 'unbound',
      });
      expect(coinflow.calls).toEqual([]);
      await expect(verifier({ acceptUnboundKeys: true }).decide(key)).resolves.toMatchObject({
        subject: null,
        expiresAt: null,
      });
      expect(coinflow.calls).toEqual([key]);
    });

    it('keys of another merchant are rejected even with acceptUnboundKeys', async () => {
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
    ])('keys with the unreadable claim %j are malformed, also with acceptUnboundKeys', async (claim) => {
      const key = coinflow.key(claim);
      await expect(verifier({ acceptUnboundKeys: true }).decide(key)).rejects.toMatchObject({
        code: 'COINFLOW_SESSION_KEY_MALFORMED',
        reason: 'malformed-claim',
      });
      expect(coinflow.calls).toEqual([]);
    });

    it('keys that do not name their owner are valid for 24 h where they were created, and rejected elsewhere', async () => {
      const one = verifier();
      const key = coinflow.know(OPAQUE);
      coinflow.nextKey = key;
      await one.create('alice');
      jest.advanceTimersByTime(DAY_MS - 1);
      expect(one.verify(key)).toMatchObject({ subject: { userId: 'alice' } });
      await expect(verifier().decide(key)).rejects.toMatchObject({ code: 'COINFLOW_SESSION_REJECTED' });
      // After a verification by Coinflow it is still a created key, for no longer.
      await expect(one.decide(key, 0)).resolves.toMatchObject({ subject: { userId: 'alice' } });
      jest.advanceTimersByTime(1);
      await expect(one.decide(key)).rejects.toMatchObject({ code: 'COINFLOW_SESSION_REJECTED' });
    });

    it('keys that do not name their owner are valid again once Coinflow accepts them after a rejection', async () => {
      const one = verifier();
      const key = coinflow.know(OPAQUE);
      coinflow.nextKey = key;
      await one.create('alice');
      coinflow.response = REJECT;
      await expect(one.decide(key, 0)).rejects.toMatchObject({ code: 'COINFLOW_SESSION_REJECTED' });
      coinflow.response = DOWN;
      await expect(one.decide(key)).rejects.toMatchObject({ code: 'COINFLOW_UNAVAILABLE' });
      coinflow.response = ACCEPT;
      await expect(one.decide(key)).resolves.toMatchObject({ subject: { userId: 'alice' } });
    });
  });

  it('accepts a created key until it expires, also after Coinflow has verified it', async () => {
    const one = verifier();
    const { key } = await one.create();
    await one.decide(key, 0);
    jest.advanceTimersByTime(DAY_MS - 1_000);
    expect(one.verify(key)).toMatchObject({ key });
    expect(coinflow.calls).toHaveLength(1);
  });

  it('accepts a rejected key again once this application has created it', async () => {
    const one = verifier();
    const key = coinflow.key();
    coinflow.response = REJECT;
    await expect(one.decide(key)).rejects.toMatchObject({ reason: 'rejected-by-coinflow' });
    await expect(one.decide(key)).rejects.toMatchObject({ reason: 'rejected-recently' });
    coinflow.nextKey = key;
    await one.create();
    coinflow.response = ACCEPT;
    await expect(one.decide(key, 0)).resolves.toMatchObject({ key });
  });

  it('sets no timer for a verification', async () => {
    const one = verifier();
    await one.decide(coinflow.key());
    await expect(one.decide('opaque-key')).rejects.toMatchObject({ code: 'COINFLOW_SESSION_REJECTED' });
    expect(jest.getTimerCount()).toBe(0);
  });

  describe('staleIfErrorMs, while Coinflow is unavailable,', () => {
    const TTL_MS = 60_000;
    const STALE_MS = 600_000;
    let one: TestInstance;
    let key: string;

    beforeEach(async () => {
      one = verifier({ cache: { ttlMs: TTL_MS, staleIfErrorMs: STALE_MS } });
      key = coinflow.key();
      await one.decide(key);
      coinflow.response = DOWN;
    });

    it('accepts a verified session until its time to live and staleIfErrorMs have passed', async () => {
      jest.advanceTimersByTime(TTL_MS + STALE_MS - 1);
      await expect(one.decide(key)).resolves.toMatchObject({ key });
      expect(await one.decidedBy(key)).toBe('stale');
      expect(coinflow.calls.length).toBeGreaterThan(1);
      jest.advanceTimersByTime(1);
      await expect(one.decide(key)).rejects.toMatchObject({ code: 'COINFLOW_UNAVAILABLE' });
    });

    it('accepts a verified session within staleIfErrorMs also when Coinflow responds with 429', async () => {
      coinflow.response = () =>
        Promise.reject(new CoinflowBudgetExhaustedError('slow down', { reason: 'rate-limited', retryAfterMs: 1_000 }));
      jest.advanceTimersByTime(2 * TTL_MS);
      await expect(one.decide(key)).resolves.toMatchObject({ key });
    });

    it('does not accept a session within staleIfErrorMs that is older than maxAgeMs, or any with maxAgeMs: 0', async () => {
      jest.advanceTimersByTime(2 * TTL_MS);
      await expect(one.decide(key, 2 * TTL_MS + 1)).resolves.toMatchObject({ key });
      await expect(one.decide(key, 2 * TTL_MS)).rejects.toMatchObject({ code: 'COINFLOW_UNAVAILABLE' });
      await expect(one.decide(key, 0)).rejects.toMatchObject({ code: 'COINFLOW_UNAVAILABLE' });
    });

    it('does not accept a session within staleIfErrorMs that is expired, revoked or rejected', async () => {
      const short = coinflow.key({ customerId: 'bob', exp: Math.floor(Date.now() / 1_000) + 90 });
      coinflow.response = ACCEPT;
      await one.decide(short);
      const refused = coinflow.key({ customerId: 'carol' });
      await one.decide(refused);
      coinflow.response = REJECT;
      await expect(one.decide(refused, 0)).rejects.toMatchObject({ code: 'COINFLOW_SESSION_REJECTED' });
      coinflow.response = DOWN;
      jest.advanceTimersByTime(2 * TTL_MS);
      await expect(one.decide(short)).rejects.toMatchObject({ code: 'COINFLOW_SESSION_KEY_EXPIRED' });
      await expect(one.decide(refused)).rejects.toMatchObject({ code: 'COINFLOW_UNAVAILABLE' });
      void one.revokeKey(key);
      await expect(one.decide(key)).rejects.toMatchObject({ code: 'COINFLOW_SESSION_REVOKED' });
    });

    it('staleIfErrorMs accepts no new key, and does not hide a misconfiguration', async () => {
      jest.advanceTimersByTime(2 * TTL_MS);
      await expect(one.decide(coinflow.key({ customerId: 'bob' }))).rejects.toMatchObject({
        code: 'COINFLOW_UNAVAILABLE',
      });
      coinflow.response = () => Promise.reject(new CoinflowMisconfiguredError('wrong', { reason: 'wrong-url' }));
      await expect(one.decide(key)).rejects.toMatchObject({ code: 'COINFLOW_MISCONFIGURED' });
    });

    it('accepts no expired verification when staleIfErrorMs is 0', async () => {
      const strict = verifier({ cache: { ttlMs: TTL_MS } });
      coinflow.response = ACCEPT;
      await strict.decide(key);
      coinflow.response = DOWN;
      jest.advanceTimersByTime(1.1 * TTL_MS + 1);
      await expect(strict.decide(key)).rejects.toMatchObject({ code: 'COINFLOW_UNAVAILABLE' });
    });
  });

  it('reports what each decision came from', async () => {
    const one = verifier();
    const key = coinflow.key();
    const first = one.decidedBy(key);
    const second = one.decidedBy(key);
    expect(await Promise.all([first, second])).toEqual(['coinflow', 'coalesced']);
    expect(await one.decidedBy(key)).toBe('cache');
    expect(await one.decidedBy(key, 0)).toBe('coinflow');
    expect(await one.decidedBy('opaque-key')).toBe('claims');
    expect(await one.decidedBy(coinflow.key({ exp: 1 }))).toBe('claims');
    coinflow.response = REJECT;
    const refused = coinflow.key({ customerId: 'bob' });
    expect(await one.decidedBy(refused)).toBe('coinflow');
    expect(await one.decidedBy(refused)).toBe('negative-cache');
    void one.revokeKey(key);
    expect(await one.decidedBy(key)).toBe('revocation');
  });
});
