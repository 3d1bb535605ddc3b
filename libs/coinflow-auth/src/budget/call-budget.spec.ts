import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { amount } from '../../../../test/harness/amount.js';
import { RecordingLogger } from '../../../../test/harness/recording-logger.js';
import { Logger } from '@nestjs/common';
import {
  CoinflowBudgetExhaustedError,
  CoinflowSessionRejectedError,
  CoinflowUnavailableError,
} from '../errors/coinflow-auth.errors.js';
import type { CoinflowBudgetOptions } from '../options/coinflow-auth-options.js';
import {
  type ResolvedBudgetOptions,
  resolveOptions,
  type ResolvedCoinflowAuthOptions,
} from '../options/resolve-options.js';
import type { CoinflowSubject } from '../session/subject.js';
import { VERIFICATION_KINDS, type CoinflowBudgetMetrics, type VerificationKind } from './budget-statistics.js';
import { inMemoryStores, type BudgetStores } from './budget-stores.js';
import { CallBudget } from './call-budget.js';
import { CoinflowRateLimit } from './call-limits.js';

const MINUTE_MS = 60_000;
const EXHAUSTED = { code: 'COINFLOW_BUDGET_EXHAUSTED', reason: 'budget-exhausted' };
const CLOSED = { code: 'COINFLOW_BUDGET_EXHAUSTED', reason: 'rate-limit-cooldown' };
const NO_CALLS = { knownKeys: 0, revalidations: 0, newKeys: 0, walletLogins: 0, apiCalls: 0 };
const limitedBy = (reason: string): object => ({ code: 'COINFLOW_TOO_MANY_REQUESTS', reason });

const accept = (): Promise<void> => Promise.resolve();
const reject = (): Promise<void> =>
  Promise.reject(new CoinflowSessionRejectedError('no', { reason: 'rejected-by-coinflow' }));
const down =
  (reason = 'timeout') =>
  (): Promise<void> =>
    Promise.reject(new CoinflowUnavailableError('down', { reason, retryAfterMs: 1_000 }));
const rateLimited = (retryAfterMs: number) => (): Promise<void> =>
  Promise.reject(new CoinflowBudgetExhaustedError('429', { reason: 'rate-limited-by-coinflow', retryAfterMs }));

describe('CallBudget', () => {
  let budget: CallBudget;
  let stores: BudgetStores;
  let options: ResolvedCoinflowAuthOptions;
  let logger: RecordingLogger;
  let serial = 0;

  beforeEach(() => {
    Logger.overrideLogger((logger = new RecordingLogger()));
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask'] });
    budget = withOptions();
  });

  afterEach(() => {
    Logger.overrideLogger(false);
    jest.useRealTimers();
  });

  /** @param overrides of what the module derives from its options */
  function withOptions(given: CoinflowBudgetOptions = {}, overrides: Partial<ResolvedBudgetOptions> = {}): CallBudget {
    const sealKeys = [Buffer.alloc(32, 1).toString('base64')];
    const resolved = resolveOptions({ env: 'sandbox', apiKey: 'key', merchantId: 'ours', sealKeys, budget: given });
    options = { ...resolved, budget: { ...resolved.budget, ...overrides } };
    stores = inMemoryStores();
    return new CallBudget(options, stores);
  }

  const metrics = (): CoinflowBudgetMetrics => budget.metrics;

  interface Verification {
    kind?: VerificationKind;
    id?: string;
    user?: string | undefined;
    client?: string | undefined;
    call?: () => Promise<void>;
  }

  /** Needs a verification. Returns whether Coinflow was called, and the error. */
  async function verify({
    kind = 'newKeys',
    id = `id-${(serial += 1)}`,
    user,
    client,
    call = accept,
  }: Verification = {}): Promise<{
    called: boolean;
    error: unknown;
  }> {
    let called = false;
    const error: unknown = await budget
      .run({ kind, id, subject: subjectOf(user), client }, () => {
        called = true;
        return call();
      })
      .catch((thrown: unknown) => thrown);
    return { called, error };
  }

  /** How many calls are made for so many verifications. */
  async function callsOf(count: number, one: Verification = {}): Promise<number> {
    let calls = 0;
    for (let i = 0; i < count; i += 1) calls += Number((await verify(one)).called);
    return calls;
  }

  describe('shares', () => {
    it.each([
      ['newKeys', 15],
      ['revalidations', 15],
      ['knownKeys', 60],
    ] as const)('allows calls for %s %d times a minute', async (kind, limit) => {
      expect(await callsOf(100, { kind })).toBe(limit);
      expect(await verify({ kind })).toMatchObject({ called: false, error: { ...EXHAUSTED, retryAfterMs: MINUTE_MS } });
      jest.advanceTimersByTime(MINUTE_MS - 1);
      expect(await verify({ kind })).toMatchObject({ called: false, error: { ...EXHAUSTED, retryAfterMs: 1 } });
      jest.advanceTimersByTime(1);
      expect(await callsOf(100, { kind })).toBe(limit);
    });

    it('keeps the reserved calls for known keys however many calls others need', async () => {
      expect(await callsOf(1_000, { kind: 'newKeys' })).toBe(15);
      expect(await callsOf(1_000, { kind: 'revalidations' })).toBe(15);
      expect(await callsOf(1_000, { kind: 'knownKeys' })).toBe(30);
    });

    it('logs once in a window that a share is exhausted', async () => {
      await callsOf(100);
      await callsOf(100, { kind: 'revalidations' });
      expect(logger.at('warn')).toEqual([
        expect.stringContaining(
          'The budget of calls of Verify Token for new session keys is exhausted: requests that need one get 503 for 60 s',
        ),
        expect.stringContaining('The budget of calls of Verify Token for the maxAgeMs of routes is exhausted'),
      ]);
      jest.advanceTimersByTime(MINUTE_MS);
      await callsOf(100);
      expect(logger.at('warn')).toHaveLength(3);
    });

    it('counts the endpoint probe as a call for a new key, and takes any free call for it when that share is exhausted', async () => {
      await callsOf(14);
      await budget.probe(reject).catch(() => undefined);
      expect(await callsOf(10)).toBe(0);
      await expect(budget.probe(accept)).resolves.toBeUndefined();
      expect(metrics().used).toEqual({ ...NO_CALLS, newKeys: 16 });
      expect(await callsOf(100, { kind: 'knownKeys' })).toBe(44);
      await expect(budget.probe(accept)).rejects.toMatchObject(EXHAUSTED);
    });

    it('allows one new key with the smallest budget', async () => {
      budget = withOptions({ verificationsPerMinute: 4 });
      expect(await callsOf(5)).toBe(1);
      await expect(budget.probe(accept)).resolves.toBeUndefined();
    });

    it('does not count a call that an open breaker prevents', async () => {
      expect(await callsOf(50, { call: down('breaker-open') })).toBe(50);
      expect(await callsOf(50, { kind: 'revalidations', id: 'one', call: down('breaker-open') })).toBe(50);
      for (let i = 0; i < 50; i += 1) await budget.probe(down('breaker-open')).catch(() => undefined);
      expect(metrics().used).toEqual(NO_CALLS);
      expect(await callsOf(50)).toBe(15);
      expect(await callsOf(50, { kind: 'revalidations', id: 'one' })).toBe(10);
    });

    it('gives no slot back to a later window', async () => {
      let end = (): void => undefined;
      const late = verify({ call: () => new Promise((_, reject) => (end = () => reject(breakerOpen()))) });
      await jest.advanceTimersByTimeAsync(MINUTE_MS);
      expect(await callsOf(20)).toBe(15);
      end();
      await late;
      expect(await callsOf(5)).toBe(0);
    });
  });

  describe('a 429 of Coinflow', () => {
    // Both behind one address.
    const ALICE = { kind: 'revalidations', user: 'alice', client: 'office' } as const;
    const BOB = { kind: 'revalidations', user: 'bob', client: 'office' } as const;
    const CAROL = { kind: 'knownKeys', user: 'carol' } as const;

    it('a 429 stops only the calls for the user of the key once another call has succeeded', async () => {
      expect(await verify({ ...ALICE, call: rateLimited(7_000) })).toMatchObject({ called: true });
      expect(await verify(ALICE)).toMatchObject({ called: false, error: { ...CLOSED, retryAfterMs: 7_000 } });
      // The calls for all keys of the user are stopped.
      expect(await verify({ ...ALICE, kind: 'knownKeys' })).toMatchObject({ called: false, error: CLOSED });
      expect(await verify({ ...BOB, call: reject })).toMatchObject({ called: true });
      for (const one of [CAROL, {}, { client: '203.0.113.7' }])
        expect(await verify(one)).toMatchObject({ called: true });
      expect(await verify(ALICE)).toMatchObject({ called: false });
      expect(metrics().closedForMs).toBe(0);
      jest.advanceTimersByTime(7_000);
      expect(await verify(ALICE)).toMatchObject({ called: true });
    });

    it('a 429 allows one call for another user at a time until it is known whether all calls are limited', async () => {
      await verify({ ...ALICE, call: rateLimited(7_000) });
      let respond = (): void => undefined;
      const trial = verify({ ...BOB, call: () => new Promise<void>((resolve) => (respond = resolve)) });
      await jest.advanceTimersByTimeAsync(0);
      expect(await verify(CAROL)).toMatchObject({ called: false, error: { ...CLOSED, retryAfterMs: 1_000 } });
      respond();
      await trial;
      expect(await verify(CAROL)).toMatchObject({ called: true });
    });

    it('a 429 for a second user stops all calls for its Retry-After', async () => {
      await verify({ ...ALICE, call: rateLimited(7_000) });
      await verify({ ...BOB, call: rateLimited(9_000) });
      expect(metrics().closedForMs).toBe(9_000);
      for (const kind of VERIFICATION_KINDS) {
        expect(await verify({ kind, user: 'carol' })).toMatchObject({
          called: false,
          error: { ...CLOSED, retryAfterMs: 9_000 },
        });
      }
      await expect(budget.probe(accept)).rejects.toMatchObject(CLOSED);
      jest.advanceTimersByTime(9_000);
      expect(await verify(CAROL)).toMatchObject({ called: true, error: undefined });
      expect(metrics().closedForMs).toBe(0);
    });

    it('the response to an earlier call does not end the effect of a 429', async () => {
      let respond = (): void => undefined;
      const early = verify({ ...BOB, call: () => new Promise<void>((resolve) => (respond = resolve)) });
      await jest.advanceTimersByTimeAsync(1);
      await verify({ ...ALICE, call: rateLimited(7_000) });
      respond();
      await early;
      await verify({ ...CAROL, call: rateLimited(7_000) });
      expect(metrics().closedForMs).toBe(7_000);
    });

    it('the next call becomes the trial after a 429 when the trial meets an outage', async () => {
      await verify({ ...ALICE, call: rateLimited(7_000) });
      await verify({ ...BOB, call: down() });
      await verify({ ...CAROL, call: rateLimited(7_000) });
      expect(metrics().closedForMs).toBe(7_000);
    });

    it('a 429 to a new key stops the calls for its client, and not those for the user that it names', async () => {
      expect(await verify({ user: 'alice', client: 'a', call: rateLimited(7_000) })).toMatchObject({ called: true });
      expect(await verify({ client: 'a' })).toMatchObject({ called: false, error: CLOSED });
      expect(await verify(ALICE)).toMatchObject({ called: true });
      // Without a client it stops the calls for that key only.
      await verify({ id: 'one', call: rateLimited(7_000) });
      expect(await verify({ id: 'one' })).toMatchObject({ called: false });
      expect(await verify({ id: 'two' })).toMatchObject({ called: true });
    });

    it('a 429 to the endpoint probe stops all calls', async () => {
      await budget.probe(rateLimited(7_000)).catch(() => undefined);
      expect(await verify(ALICE)).toMatchObject({ called: false, error: CLOSED });
    });

    it('a 429 stops calls for a minute at most', async () => {
      await verify({ ...ALICE, call: rateLimited(3_600_000) });
      await budget.probe(rateLimited(3_600_000)).catch(() => undefined);
      jest.advanceTimersByTime(MINUTE_MS);
      expect(await verify(ALICE)).toMatchObject({ called: true });
    });

    it('a 429 does not shorten the wait of an earlier 429', async () => {
      await budget.probe(rateLimited(30_000)).catch(() => undefined);
      jest.advanceTimersByTime(1);
      const slow = new CoinflowRateLimit();
      let respond = (): void => undefined;
      const late = slow.run(undefined, () =>
        new Promise<void>((resolve) => (respond = resolve)).then(rateLimited(1_000)),
      );
      await slow.run(undefined, rateLimited(30_000)).catch(() => undefined);
      respond();
      await late.catch(() => undefined);
      expect(slow.closedForMs).toBe(30_000);
    });

    it('calls that a 429 stops are not counted', async () => {
      await verify({ ...ALICE, call: rateLimited(1_000) });
      for (let i = 0; i < 50; i += 1) await verify({ ...ALICE });
      jest.advanceTimersByTime(1_000);
      // The user has used one of ten calls.
      expect(await callsOf(50, ALICE)).toBe(9);
    });

    it('no call reaches the stores while a 429 stops all calls', async () => {
      await budget.probe(rateLimited(7_000)).catch(() => undefined);
      const takes = [stores.shares, stores.parties].map((store) => jest.spyOn(store, 'take'));
      await verify({ ...ALICE });
      await budget.probe(accept).catch(() => undefined);
      for (const take of takes) expect(take).not.toHaveBeenCalled();
    });

    it('a 429 to a wallet login does not stop verifications, and vice versa', async () => {
      await budget.runWalletLogin(undefined, rateLimited(7_000)).catch(() => undefined);
      expect(await verify(ALICE)).toMatchObject({ called: true });
      expect(metrics().closedForMs).toBe(0);
      jest.advanceTimersByTime(7_000);
      await budget.probe(rateLimited(7_000)).catch(() => undefined);
      await expect(budget.runWalletLogin(undefined, () => Promise.resolve('done'))).resolves.toBe('done');
    });

    it('an outage does not count as a 429', async () => {
      await verify({ ...ALICE, call: down() });
      expect(await verify(ALICE)).toMatchObject({ called: true });
    });
  });

  describe('the limits of a client', () => {
    const CLIENT = '203.0.113.7';

    beforeEach(() => {
      budget = withOptions({ verificationsPerMinute: 10_000 });
    });

    it('a client may have ten rejections a minute, and does not affect other clients', async () => {
      expect(await callsOf(50, { client: CLIENT, call: reject })).toBe(10);
      expect(await verify({ client: CLIENT })).toMatchObject({
        called: false,
        error: { ...limitedBy('rejections-per-client'), retryAfterMs: MINUTE_MS },
      });
      expect(await verify({ client: '203.0.113.8' })).toMatchObject({ called: true });
      expect(metrics()).toMatchObject({ used: { newKeys: 11 }, rateLimited: { ...NO_CALLS, newKeys: 41 } });
      jest.advanceTimersByTime(MINUTE_MS);
      expect(await callsOf(50, { client: CLIENT, call: reject })).toBe(10);
    });

    it('the new keys of a client are limited also when Coinflow accepts all of them', async () => {
      budget = withOptions();
      expect(await callsOf(50, { client: CLIENT })).toBe(14);
      expect(await verify({ client: CLIENT })).toMatchObject({
        error: { ...limitedBy('new-keys-per-client'), retryAfterMs: MINUTE_MS },
      });
      expect(await verify({ client: 'another' })).toMatchObject({ called: true });
      expect(logger.at('warn')).toEqual([
        expect.stringContaining('A client that sends many new session keys gets 429'),
      ]);
    });

    it.each([
      ['a timeout', down()],
      ['an open breaker', down('breaker-open')],
    ])('the rejections of a client do not include %s', async (_, call) => {
      expect(await callsOf(50, { client: CLIENT, call })).toBe(50);
    });

    it('the limits of a client do not count a verification for which no call is left', async () => {
      budget = withOptions({ verificationsPerMinute: 4 });
      await callsOf(1);
      for (let i = 0; i < 50; i += 1) expect(await verify({ client: 'a' })).toMatchObject({ error: EXHAUSTED });
      jest.advanceTimersByTime(MINUTE_MS);
      expect(await verify({ client: 'a', call: reject })).toMatchObject({ called: true });
    });

    it('a client with many concurrent users is asked to retry in a second, and nothing is logged about invalid keys', async () => {
      budget = withOptions();
      const responses: (() => void)[] = [];
      const users = Array.from({ length: 14 }, () =>
        verify({ client: CLIENT, call: () => new Promise<void>((resolve) => responses.push(resolve)) }),
      );
      const busy = await Promise.all(users.slice(10));
      for (const one of busy) {
        expect(one).toMatchObject({ called: false, error: { ...limitedBy('client-busy'), retryAfterMs: 1_000 } });
      }
      expect(logger.at('warn')).toEqual([expect.stringMatching(/at the same time.*\[client-busy\]/)]);
      await jest.advanceTimersByTimeAsync(0);
      for (const respond of responses) respond();
      await Promise.all(users);
      expect(await callsOf(4, { client: CLIENT })).toBe(4);
    });

    it('a client with one rejection and many concurrent users is asked to retry in a second', async () => {
      budget = withOptions();
      await verify({ client: CLIENT, call: reject });
      const users = Array.from({ length: 10 }, () =>
        verify({ client: CLIENT, call: () => new Promise(() => undefined) }),
      );
      expect(await users[9]).toMatchObject({ called: false, error: limitedBy('client-busy') });
    });

    it('the error of a limited client names the rejections once this replica knows of them', async () => {
      await callsOf(10, { client: CLIENT, call: reject });
      expect(await verify({ client: CLIENT })).toMatchObject({ error: limitedBy('rejections-per-client') });
      // Another replica does not know of the rejections: calls may be under way elsewhere.
      const other = new CallBudget(options, stores);
      const error: unknown = await other
        .run({ kind: 'newKeys', id: 'x', subject: null, client: CLIENT }, accept)
        .catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ ...limitedBy('client-busy'), retryAfterMs: 1_000 });
    });

    it('the limits of a client count an IPv4 address, or the /64 of an IPv6 address, in any notation', async () => {
      await callsOf(10, { client: CLIENT, call: reject });
      expect(await verify({ client: '::ffff:203.0.113.7' })).toMatchObject({ called: false });
      await callsOf(10, { client: '2001:db8::1', call: reject });
      expect(await verify({ client: '2001:DB8:0:0:ffff::2%eth0' })).toMatchObject({ called: false });
      expect(await verify({ client: '2001:db8:0:1::1' })).toMatchObject({ called: true });
    });

    it('a client gets half of the calls for known keys, however many users and keys it has', async () => {
      budget = withOptions();
      let calls = 0;
      for (let user = 0; user < 60; user += 1) {
        calls += await callsOf(1, { kind: 'knownKeys', user: `user-${user}`, client: CLIENT });
      }
      expect(calls).toBe(30);
      expect(await verify({ kind: 'knownKeys', user: 'new', client: CLIENT })).toMatchObject({
        error: limitedBy('known-keys-per-client'),
      });
      expect(await verify({ kind: 'knownKeys', user: 'bob', client: 'another' })).toMatchObject({ called: true });
    });

    it('a client does not get all revalidations, however many users it has', async () => {
      budget = withOptions();
      let calls = 0;
      for (let user = 0; user < 20; user += 1) {
        calls += await callsOf(1, { kind: 'revalidations', user: `user-${user}`, client: CLIENT });
      }
      expect(calls).toBe(10);
      expect(await verify({ kind: 'revalidations', user: 'bob', client: 'another' })).toMatchObject({ called: true });
    });

    it.each([
      ['to an unknown client', {}, undefined],
      ['to an empty client', {}, ''],
      ['if they are 0', { rejectionsPerClient: 0, newKeysPerClient: 0 }, 'a'],
    ])('the limits of a client do not apply %s', async (_, overrides, client) => {
      budget = withOptions({ verificationsPerMinute: 10_000 }, overrides);
      expect(await callsOf(50, { client, call: reject })).toBe(50);
    });
  });

  describe('the limit of a user', () => {
    it('a user gets ten calls a minute for known keys and revalidations, and leaves the rest to other users', async () => {
      expect(await callsOf(50, { kind: 'revalidations', user: 'alice' })).toBe(10);
      expect(await verify({ kind: 'knownKeys', user: 'alice' })).toMatchObject({
        error: limitedBy('verifications-per-user'),
      });
      expect(await callsOf(50, { kind: 'revalidations', user: 'bob' })).toBe(5);
      // The second user is stopped by the share, which does not count for that user.
      expect(metrics()).toMatchObject({
        rateLimited: { ...NO_CALLS, revalidations: 40, knownKeys: 1 },
        exhausted: { ...NO_CALLS, revalidations: 45 },
      });
      expect(await callsOf(50, { kind: 'knownKeys', user: 'bob' })).toBe(5);
    });

    it('the limit of a user counts the key itself if it names no user', async () => {
      expect(await callsOf(50, { kind: 'revalidations', id: 'one' })).toBe(10);
      expect(await verify({ kind: 'revalidations', id: 'two' })).toMatchObject({ called: true });
    });

    it('the limit of a user does not count new keys that name the user, since anybody can write such a key', async () => {
      await callsOf(50, { user: 'alice', client: 'a', call: reject });
      expect(await callsOf(50, { kind: 'revalidations', user: 'alice' })).toBe(10);
    });

    it('the limit of a user counts a call that met an outage, and none that the breaker prevented', async () => {
      expect(await callsOf(4, { kind: 'revalidations', user: 'alice', call: down() })).toBe(4);
      await callsOf(50, { kind: 'revalidations', user: 'alice', call: down('breaker-open') });
      expect(await callsOf(50, { kind: 'revalidations', user: 'alice' })).toBe(6);
    });
  });

  it('shows no key, user or address to its store, and uses the same names on replicas with the same seal keys', async () => {
    const namesUnder = async (merchantId: string, sealKey: number): Promise<string[]> => {
      const names: string[] = [];
      const store = {
        take: (name: string) => Promise.resolve({ taken: names.push(name) > 0, retryAfterMs: MINUTE_MS }),
        giveBack: () => Promise.resolve(),
      };
      const sealKeys = [Buffer.alloc(32, sealKey).toString('base64')];
      const prod = resolveOptions({ env: 'prod', apiKey: 'key', merchantId, sealKeys });
      const one = new CallBudget(prod, { shares: store, parties: store });
      // A client may have the same name as a key.
      await one.run({ kind: 'newKeys', id: 'another-id', subject: null, client: 'session-key-id' }, accept);
      await one.run({ kind: 'revalidations', id: 'session-key-id', subject: null, client: '203.0.113.7' }, accept);
      await one.runWalletLogin('session-key-id', accept);
      return names;
    };
    const names = await namesUnder('ours', 1);
    expect(names).toHaveLength(8);
    expect(new Set(names).size).toBe(8);
    for (const name of names) expect(name).toMatch(/^[\w-]{43}$/);
    expect(await namesUnder('ours', 1)).toEqual(names);
    for (const others of [await namesUnder('theirs', 1), await namesUnder('ours', 2)]) {
      expect(others.filter((name) => names.includes(name))).toEqual([]);
    }
  });

  it('never exceeds a share or limit, and keeps the reserved calls for known keys, in any sequence of verifications', async () => {
    const kind = fc.constantFrom(...VERIFICATION_KINDS);
    const response = fc.constantFrom(accept, reject, down(), down('breaker-open'));
    const verifications = fc.array(
      fc.record({
        kind,
        id: fc.constantFrom('a', 'b', 'c'),
        user: fc.constantFrom('alice', 'bob'),
        client: fc.constantFrom('x', 'y', 'z', undefined),
        response,
      }),
      { maxLength: 120 },
    );
    const limits = fc
      .record({
        verificationsPerMinute: fc.integer({ min: 4, max: 40 }),
        reservedForKnownKeys: fc.option(fc.nat(10), { nil: undefined }),
        rejectionsPerClient: fc.nat(5),
        newKeysPerClient: fc.integer({ min: 1, max: 8 }),
        callsPerSubject: fc.integer({ min: 1, max: 5 }),
      })
      .filter(({ verificationsPerMinute: total, reservedForKnownKeys }) => {
        return total - (reservedForKnownKeys ?? Math.floor(total / 2)) - Math.floor(total / 4) >= 1;
      });
    await fc.assert(
      fc.asyncProperty(limits, verifications, async (given, sequence) => {
        // A window begins with its first slot: all of them begin now.
        const { verificationsPerMinute, ...overrides } = given;
        const revalidations = Math.floor(verificationsPerMinute / 4);
        const reservedForKnownKeys = given.reservedForKnownKeys ?? Math.floor(verificationsPerMinute / 2);
        const newKeys = verificationsPerMinute - reservedForKnownKeys - revalidations;
        budget = withOptions(
          { verificationsPerMinute },
          { ...overrides, reservedForKnownKeys, revalidations, newKeys },
        );
        const made = { ...NO_CALLS };
        const ofUser: Record<string, number> = {};
        const newOf: Record<string, number> = {};
        const rejectedOf: Record<string, number> = {};
        for (const { kind: needed, id, user, client, response: call } of sequence) {
          const { called, error } = await verify({ kind: needed, id, user, client, call });
          if (!called || (error instanceof CoinflowUnavailableError && error.reason === 'breaker-open')) continue;
          made[needed] += 1;
          if (needed !== 'newKeys') ofUser[user] = (ofUser[user] ?? 0) + 1;
          if (needed === 'newKeys' && client && (call === reject || call === accept))
            newOf[client] = (newOf[client] ?? 0) + 1;
          if (needed === 'newKeys' && client && call === reject) rejectedOf[client] = (rejectedOf[client] ?? 0) + 1;
        }
        expect(made.newKeys).toBeLessThanOrEqual(newKeys);
        expect(made.revalidations).toBeLessThanOrEqual(revalidations);
        const total = made.knownKeys + made.revalidations + made.newKeys;
        expect(total).toBeLessThanOrEqual(given.verificationsPerMinute);
        for (const count of Object.values(ofUser)) expect(count).toBeLessThanOrEqual(given.callsPerSubject);
        for (const count of Object.values(newOf)) expect(count).toBeLessThanOrEqual(given.newKeysPerClient);
        if (given.rejectionsPerClient > 0) {
          for (const count of Object.values(rejectedOf)) expect(count).toBeLessThanOrEqual(given.rejectionsPerClient);
        }
        expect(metrics().used).toEqual(made);
        // The reserved calls that known keys have not used are left for them, and so are all other free calls.
        const free = given.verificationsPerMinute - total;
        expect(free).toBeGreaterThanOrEqual(reservedForKnownKeys - made.knownKeys);
        expect(await callsOf(free + 5, { kind: 'knownKeys' })).toBe(free);
      }),
      { numRuns: amount('MODEL_RUNS', { quick: 100, full: 5_000 }) },
    );
  });
});

function subjectOf(userId: string | undefined): CoinflowSubject | null {
  return userId === undefined ? null : { kind: 'user', userId };
}

function breakerOpen(): CoinflowUnavailableError {
  return new CoinflowUnavailableError('down', { reason: 'breaker-open', retryAfterMs: 1_000 });
}
