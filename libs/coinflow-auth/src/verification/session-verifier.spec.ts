import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { CoinflowClient } from '../client/coinflow-client.js';
import { CoinflowSessionRejectedError, CoinflowUnavailableError } from '../errors/coinflow-auth.errors.js';
import type { CoinflowAuthModuleOptions } from '../options/coinflow-auth-options.js';
import { resolveOptions } from '../options/resolve-options.js';
import { NO_CLAIMS, readClaims } from '../session/claims.js';
import { SessionVerifier } from './session-verifier.js';

const DAY_MS = 86_400_000;
const OPAQUE = 'a1b2c3d4e5f67890abcdef1234567890';

const YES = (): Promise<void> => Promise.resolve();
const NO = (): Promise<void> =>
  Promise.reject(new CoinflowSessionRejectedError('no', { reason: 'refused-by-coinflow' }));
const DOWN = (): Promise<void> =>
  Promise.reject(new CoinflowUnavailableError('down', { reason: 'reset', retryAfterMs: 1 }));

/** Coinflow's Verify Token, with an answer for keys and one for what it cannot know, the probe. */
class FakeCoinflow {
  answer = YES;
  answerToStrangers = NO;
  readonly asked: string[] = [];
  readonly known = new Set<string>();

  verifyToken = (key: string): Promise<void> => {
    if (!this.known.has(key)) return this.answerToStrangers();
    this.asked.push(key);
    return this.answer();
  };

  key(claims: Record<string, unknown> = {}): string {
    const iat = Math.floor(Date.now() / 1_000);
    const payload = { customerId: 'alice', merchantId: 'ours', iat, exp: iat + 86_400, ...claims };
    return this.know(`e30.${Buffer.from(JSON.stringify(payload)).toString('base64url')}.${'A'.repeat(43)}`);
  }

  know(key: string): string {
    this.known.add(key);
    return key;
  }
}

describe('SessionVerifier', () => {
  let coinflow: FakeCoinflow;

  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask'] });
    coinflow = new FakeCoinflow();
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  function verifier(options: Partial<CoinflowAuthModuleOptions> = {}): SessionVerifier {
    const resolved = resolveOptions({ env: 'sandbox', apiKey: 'key', merchantId: 'ours', ...options });
    return new SessionVerifier(coinflow as unknown as CoinflowClient, resolved);
  }

  const verify = async (one: SessionVerifier, key: string, maxAgeMs = Infinity) => one.verify(key, maxAgeMs);

  it('a hit is answered, or refused, without a promise', async () => {
    const one = verifier();
    const key = coinflow.key();
    await one.verify(key, Infinity);
    expect(one.verify(key, Infinity)).toMatchObject({ key, subject: { userId: 'alice' } });
    jest.advanceTimersByTime(DAY_MS);
    jest.advanceTimersByTime(5_000);
    expect(() => one.verify(key, Infinity)).toThrow(expect.objectContaining({ code: 'COINFLOW_SESSION_KEY_EXPIRED' }));
  });

  it('the first yes counts only once a made-up key has been refused', async () => {
    coinflow.answerToStrangers = YES;
    const one = verifier();
    const key = coinflow.key();
    await expect(verify(one, key)).rejects.toMatchObject({
      code: 'COINFLOW_MISCONFIGURED',
      reason: 'accepts-everything',
    });
    coinflow.answerToStrangers = DOWN;
    await expect(verify(one, key)).rejects.toMatchObject({ code: 'COINFLOW_UNAVAILABLE' });
    coinflow.answerToStrangers = NO;
    await expect(verify(one, key)).resolves.toMatchObject({ key });
    coinflow.answerToStrangers = YES;
    await expect(verify(one, coinflow.key({ customerId: 'bob' }))).resolves.toMatchObject({
      subject: { userId: 'bob' },
    });
  });

  it('the made-up key would be good but for its signature', async () => {
    const probe = jest.spyOn(coinflow, 'verifyToken');
    await verify(verifier(), coinflow.key());
    const [madeUp = ''] = probe.mock.calls.map(([key]) => key).filter((key) => !coinflow.known.has(key));
    expect(readClaims(madeUp)).toMatchObject({ merchantId: 'ours', subject: { kind: 'user' } });
    expect(madeUp.split('.')[2]).toHaveLength(43);
  });

  it('maxAgeMs asks again once the proof is that old', async () => {
    const one = verifier();
    const key = coinflow.key();
    await verify(one, key);
    jest.advanceTimersByTime(999);
    await verify(one, key, 1_000);
    expect(coinflow.asked).toHaveLength(1);
    jest.advanceTimersByTime(1);
    await verify(one, key, 1_000);
    expect(coinflow.asked).toHaveLength(2);
  });

  it('the age of a proof counts from the beginning of the call', async () => {
    const one = verifier();
    const key = coinflow.key();
    coinflow.answer = () => new Promise((resolve) => setTimeout(resolve, 500));
    const slow = verify(one, key);
    await jest.advanceTimersByTimeAsync(500);
    await slow;
    coinflow.answer = YES;
    jest.advanceTimersByTime(500);
    await verify(one, key, 1_000);
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
      await verify(one, key);
      const asked = coinflow.asked.length;
      jest.advanceTimersByTime(livesMs - 1);
      await verify(one, key);
      expect(coinflow.asked).toHaveLength(asked);
      jest.advanceTimersByTime(1);
      await verify(one, key);
      expect(coinflow.asked).toHaveLength(asked + 1);
    }
    random.mockRestore();
  });

  it('a key that expires while Coinflow is asked lets nobody in', async () => {
    const one = verifier();
    const key = coinflow.key({ exp: Math.floor(Date.now() / 1_000) });
    coinflow.answer = () => new Promise((resolve) => setTimeout(resolve, 6_000));
    const late = verify(one, key);
    const outcome = expect(late).rejects.toMatchObject({ code: 'COINFLOW_SESSION_KEY_EXPIRED' });
    await jest.advanceTimersByTimeAsync(6_000);
    await outcome;
  });

  it('proven sessions are bounded, and junk pushes none out', async () => {
    const one = verifier({ cache: { maxEntries: 2 } });
    const [a, b, c] = ['a', 'b', 'c'].map((customerId) => coinflow.key({ customerId })) as [string, string, string];
    await verify(one, a);
    await verify(one, b);
    for (let i = 0; i < 100; i += 1) {
      const iat = 1_900_000_000 + i;
      const junk = Buffer.from(
        JSON.stringify({ customerId: `junk-${i}`, merchantId: 'ours', exp: iat + DAY_MS }),
      ).toString('base64url');
      await expect(verify(one, `e30.${junk}.${'A'.repeat(43)}`)).rejects.toMatchObject({
        code: 'COINFLOW_SESSION_REJECTED',
      });
    }
    expect(one.verify(a, Infinity)).not.toBeInstanceOf(Promise);
    await verify(one, c);
    expect(one.verify(a, Infinity)).not.toBeInstanceOf(Promise);
    expect(one.verify(b, Infinity)).toBeInstanceOf(Promise);
  });

  describe('keys that do not say whose they are', () => {
    it('are refused without a call, unless the user opted in', async () => {
      const key = coinflow.know(OPAQUE);
      await expect(verify(verifier(), key)).rejects.toMatchObject({
        code: 'COINFLOW_SESSION_WRONG_MERCHANT',
        reason: 'unbound',
      });
      expect(coinflow.asked).toEqual([]);
      await expect(verify(verifier({ acceptUnboundKeys: true }), key)).resolves.toMatchObject({
        subject: null,
        expiresAt: null,
      });
      expect(coinflow.asked).toEqual([key]);
    });

    it('of another merchant are refused even then', async () => {
      const key = coinflow.key({ merchantId: 'theirs', exp: undefined });
      await expect(verify(verifier({ acceptUnboundKeys: true }), key)).rejects.toMatchObject({
        reason: 'foreign-merchant',
      });
    });

    it('are good for 24 h where they were minted, and refused elsewhere', async () => {
      const one = verifier();
      const key = coinflow.know(OPAQUE);
      const claims = { ...NO_CLAIMS, subject: { kind: 'user', userId: 'alice' } } as const;
      one.rememberMinted(key, claims, performance.now());
      jest.advanceTimersByTime(DAY_MS - 1);
      expect(one.verify(key, Infinity)).toMatchObject({ subject: { userId: 'alice' } });
      await expect(verify(verifier(), key)).rejects.toMatchObject({ code: 'COINFLOW_SESSION_WRONG_MERCHANT' });
      // Asked about, it stays minted; but not for longer.
      await expect(verify(one, key, 0)).resolves.toMatchObject({ subject: { userId: 'alice' } });
      jest.advanceTimersByTime(1);
      await expect(verify(one, key)).rejects.toMatchObject({ code: 'COINFLOW_SESSION_WRONG_MERCHANT' });
    });

    it('come back after a no, with a new yes', async () => {
      const one = verifier();
      const key = coinflow.know(OPAQUE);
      one.rememberMinted(key, { ...NO_CLAIMS, subject: { kind: 'user', userId: 'alice' } }, performance.now());
      coinflow.answer = NO;
      await expect(verify(one, key, 0)).rejects.toMatchObject({ code: 'COINFLOW_SESSION_REJECTED' });
      coinflow.answer = DOWN;
      await expect(verify(one, key)).rejects.toMatchObject({ code: 'COINFLOW_UNAVAILABLE' });
      coinflow.answer = YES;
      await expect(verify(one, key)).resolves.toMatchObject({ subject: { userId: 'alice' } });
    });
  });

  it('a minted key stays proven until it expires, asked about or not', async () => {
    const one = verifier();
    const key = coinflow.key();
    one.rememberMinted(key, readClaims(key) ?? NO_CLAIMS, performance.now());
    await verify(one, key, 0);
    jest.advanceTimersByTime(DAY_MS - 1_000);
    expect(one.verify(key, Infinity)).toMatchObject({ key });
    expect(coinflow.asked).toHaveLength(1);
  });

  it('minting a key ends its refusal', async () => {
    const one = verifier();
    const key = coinflow.key();
    coinflow.answer = NO;
    await expect(verify(one, key)).rejects.toMatchObject({ reason: 'refused-by-coinflow' });
    await expect(verify(one, key)).rejects.toMatchObject({ reason: 'refused-from-memory' });
    one.rememberMinted(key, readClaims(key) ?? NO_CLAIMS, performance.now());
    coinflow.answer = YES;
    await expect(verify(one, key, 0)).resolves.toMatchObject({ key });
  });

  it('sets no timer', async () => {
    const one = verifier();
    await verify(one, coinflow.key());
    await expect(verify(one, 'junk')).rejects.toMatchObject({ code: 'COINFLOW_SESSION_WRONG_MERCHANT' });
    expect(jest.getTimerCount()).toBe(0);
  });
});
