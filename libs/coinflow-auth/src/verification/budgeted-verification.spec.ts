import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { ACCEPT, DOWN, REJECT, FakeCoinflow, jwtOf } from '../../test-doubles/fake-coinflow.js';
import { TestInstance } from '../../test-doubles/test-instance.js';
import { CoinflowBudgetExhaustedError } from '../errors/coinflow-auth.errors.js';
import type { CoinflowAuthModuleOptions } from '../options/coinflow-auth-options.js';
import type { CoinflowBudgetMetrics } from '../budget/budget-statistics.js';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const NO_CALLS = { knownKeys: 0, revalidations: 0, newKeys: 0, walletLogins: 0, apiCalls: 0 };
const SPENT = { code: 'COINFLOW_BUDGET_EXHAUSTED', reason: 'budget-exhausted' };
const TOO_MANY = { code: 'COINFLOW_TOO_MANY_REQUESTS' };

describe('session keys and the budget', () => {
  let coinflow: FakeCoinflow;
  let serial = 0;

  beforeEach(() => {
    Logger.overrideLogger(false);
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask'] });
    coinflow = new FakeCoinflow();
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  function start(options: Partial<CoinflowAuthModuleOptions> = {}): TestInstance {
    return new TestInstance(coinflow, { budget: {}, ...options });
  }

  const budgetOf = (one: TestInstance): CoinflowBudgetMetrics => one.sessions.budget.metrics;
  const usedBy = (one: TestInstance): CoinflowBudgetMetrics['used'] => budgetOf(one).used;
  const newKey = (): string => coinflow.key({ customerId: `user-${(serial += 1)}` });

  /** A forged key with the claims of this merchant. */
  function forged(): string {
    const exp = Math.floor(Date.now() / 1_000) + 86_400;
    return jwtOf({ customerId: `forged-${(serial += 1)}`, merchantId: 'ours', exp });
  }

  async function floodedWithInvalidKeys(one: TestInstance): Promise<void> {
    for (let i = 0; i < 100; i += 1) await one.decide(forged()).catch(() => undefined);
  }

  it('a new key and the endpoint probe use the budget of new keys', async () => {
    const one = start();
    await one.decide(newKey());
    await one.decide(newKey());
    expect(usedBy(one)).toEqual({ ...NO_CALLS, newKeys: 3 });
  });

  it('created, attested and cached keys use no budget', async () => {
    const one = start();
    const { key, attestedKey = '' } = await one.create();
    const other = start();
    for (let i = 0; i < 100; i += 1) {
      expect(one.verify(key)).not.toBeInstanceOf(Promise);
      expect(one.verify(attestedKey)).not.toBeInstanceOf(Promise);
      expect(other.verify(attestedKey)).not.toBeInstanceOf(Promise);
    }
    const plain = newKey();
    await one.decide(plain);
    for (let i = 0; i < 100; i += 1) expect(one.verify(plain)).not.toBeInstanceOf(Promise);
    expect(usedBy(one)).toEqual({ ...NO_CALLS, newKeys: 2 });
    expect(usedBy(other)).toEqual(NO_CALLS);
  });

  it('an expired verification is renewed although invalid keys have used up the budget of new keys', async () => {
    const one = start();
    const keys = Array.from({ length: 12 }, newKey);
    for (const key of keys) await one.decide(key);
    jest.advanceTimersByTime(HOUR_MS * 1.1);
    await floodedWithInvalidKeys(one);
    await expect(one.decide(newKey())).rejects.toMatchObject(SPENT);
    for (const key of keys) await expect(one.decide(key)).resolves.toMatchObject({ key });
    expect(usedBy(one).knownKeys).toBe(12);
  });

  it('an invalidated key uses the budget of known keys', async () => {
    const one = start();
    const { key } = await one.create();
    coinflow.response = REJECT;
    await expect(one.decide(key, 0)).rejects.toMatchObject({ code: 'COINFLOW_SESSION_REJECTED' });
    coinflow.response = ACCEPT;
    await floodedWithInvalidKeys(one);
    await expect(one.decide(key)).resolves.toMatchObject({ key });
    expect(usedBy(one)).toMatchObject({ knownKeys: 1, revalidations: 1 });
  });

  it('a revalidation has a budget of its own, and a limit for each key', async () => {
    const one = start();
    const { key } = await one.create();
    const { key: others } = await one.create('bob');
    for (let i = 0; i < 10; i += 1) await one.decide(key, 0);
    await expect(one.decide(key, 0)).rejects.toMatchObject({ ...TOO_MANY, reason: 'verifications-per-user' });
    expect(await one.decidedBy(key, 0)).toBe('budget');
    for (let i = 0; i < 5; i += 1) await one.decide(others, 0);
    await expect(one.decide(others, 0)).rejects.toMatchObject(SPENT);
    // Without maxAgeMs both are accepted from the cache.
    expect(one.verify(key)).toMatchObject({ key });
    await expect(one.decide(newKey())).resolves.toMatchObject({});
    expect(usedBy(one)).toEqual({ ...NO_CALLS, revalidations: 15, newKeys: 2 });
  });

  it('a request that waited for another call uses the budget of the key as that call has verified it', async () => {
    const one = start();
    const key = newKey();
    await Promise.all([one.decide(key, 0), one.decide(key, 0), one.decide(key, 0)]);
    expect(usedBy(one)).toEqual({ ...NO_CALLS, revalidations: 1, newKeys: 2 });
  });

  it('one user with many logins, plain and attested, leaves revalidations for other users', async () => {
    const one = start();
    const logins: string[] = [];
    for (let login = 0; login < 6; login += 1) {
      coinflow.nextKey = coinflow.key({ jti: login });
      const { key, attestedKey = '' } = await one.create('alice', { fresh: true });
      logins.push(login % 2 === 0 ? key : attestedKey);
    }
    coinflow.nextKey = coinflow.key({ customerId: 'bob' });
    const bob = await one.create('bob');
    const codes: unknown[] = [];
    for (let round = 0; round < 3; round += 1) {
      for (const key of logins)
        codes.push(
          await one.decide(key, 0).then(
            () => 200,
            ({ reason }: { reason: string }) => reason,
          ),
        );
    }
    expect(codes).toEqual([...Array<number>(10).fill(200), ...Array<string>(8).fill('verifications-per-user')]);
    await expect(one.decide(bob.key, 0)).resolves.toMatchObject({ key: bob.key });
  });

  it('many requests of one client with one new key use one slot', async () => {
    const one = start({ budget: { rejectionsPerClient: 1 } });
    const key = forged();
    const ask = (presented: string): Promise<unknown> =>
      Promise.resolve(one.verify(presented, Infinity, '203.0.113.7')).catch((error: unknown) => error);
    const answers = await Promise.all(Array.from({ length: 100 }, () => ask(key)));
    for (const answer of answers) expect(answer).toMatchObject({ code: 'COINFLOW_SESSION_REJECTED' });
    expect(usedBy(one).newKeys).toBe(1);
    expect(await ask(forged())).toMatchObject({
      ...TOO_MANY,
      reason: 'rejections-per-client',
      retryAfterMs: MINUTE_MS,
    });
    // The rejection is cached, so that it costs no call.
    expect(await Promise.resolve().then(() => ask(newKey()))).toMatchObject(TOO_MANY);
  });

  it('a decision by the budget is reported as such, also to requests that joined the call', async () => {
    const one = start();
    await floodedWithInvalidKeys(one);
    const key = newKey();
    const sources = await Promise.all([one.decidedBy(key), one.decidedBy(key)]);
    expect(sources).toEqual(['budget', 'budget']);
  });

  describe('staleIfErrorMs', () => {
    const options = { cache: { ttlMs: HOUR_MS, staleIfErrorMs: HOUR_MS } };

    async function lapsed(one: TestInstance): Promise<string> {
      const key = newKey();
      await one.decide(key);
      jest.advanceTimersByTime(HOUR_MS * 1.1);
      return key;
    }

    it('staleIfErrorMs keeps a verified session valid when the budget is exhausted', async () => {
      const one = start({ ...options, budget: { verificationsPerMinute: 4 } });
      const keys = Array.from({ length: 5 }, newKey);
      for (const key of keys) {
        await one.decide(key);
        jest.advanceTimersByTime(MINUTE_MS);
      }
      jest.advanceTimersByTime(HOUR_MS * 1.1);
      const sources: string[] = [];
      for (const key of keys) sources.push(await one.decidedBy(key));
      expect(sources).toEqual(['coinflow', 'coinflow', 'coinflow', 'coinflow', 'stale']);
      await expect(one.decide(newKey())).rejects.toMatchObject(SPENT);
    });

    it('staleIfErrorMs keeps a verified session valid while a 429 of Coinflow closes the budget', async () => {
      const one = start(options);
      const key = await lapsed(one);
      coinflow.responseToOtherKeys = () =>
        Promise.reject(
          new CoinflowBudgetExhaustedError('429', { reason: 'rate-limited-by-coinflow', retryAfterMs: 5_000 }),
        );
      for (let i = 0; i < 2; i += 1) await one.decide(forged()).catch(() => undefined);
      expect(await one.decidedBy(key)).toBe('stale');
      expect(coinflow.calls).toHaveLength(1);
      jest.advanceTimersByTime(5_000);
      expect(await one.decidedBy(key)).toBe('coinflow');
    });

    it('staleIfErrorMs does not replace a verification that its user has needed too often', async () => {
      const one = start(options);
      const keys = Array.from({ length: 11 }, (_, jti) => coinflow.key({ jti }));
      const last = keys.at(-1) ?? '';
      for (const key of keys) await one.decide(key);
      jest.advanceTimersByTime(HOUR_MS * 1.1);
      for (const key of keys.slice(0, 10)) expect(await one.decidedBy(key)).toBe('coinflow');
      await expect(one.decide(last)).rejects.toMatchObject({ ...TOO_MANY, reason: 'verifications-per-user' });
      coinflow.response = DOWN;
      jest.advanceTimersByTime(MINUTE_MS);
      expect(await one.decidedBy(last)).toBe('stale');
    });

    it('staleIfErrorMs does not replace a revalidation that its key has needed too often', async () => {
      const one = start(options);
      const key = newKey();
      await one.decide(key);
      for (let i = 0; i < 10; i += 1) {
        jest.advanceTimersByTime(1_000);
        await one.decide(key, 1_000);
      }
      jest.advanceTimersByTime(1_000);
      await expect(one.decide(key, 1_000)).rejects.toMatchObject(TOO_MANY);
      coinflow.response = DOWN;
      jest.advanceTimersByTime(MINUTE_MS);
      await expect(one.decide(key, 1_000)).rejects.toMatchObject({ code: 'COINFLOW_UNAVAILABLE' });
    });
  });
});
