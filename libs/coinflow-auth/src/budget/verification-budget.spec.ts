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
import type { CoinflowBudgetOptions } from '../options/budget-options.js';
import type { CoinflowSubject } from '../session/subject.js';
import { resolveOptions } from '../options/resolve-options.js';
import { VERIFICATION_KINDS, type VerificationKind } from './verification-kind.js';
import { budgetParts, type BudgetParts } from './budget-parts.js';
import type { CoinflowBudgetMetrics } from './budget-statistics.js';
import { UpstreamLimit } from './upstream-limit.js';
import { VerificationBudget } from './verification-budget.js';
import { WalletLoginBudget } from './wallet-login-budget.js';

const MINUTE_MS = 60_000;
const SPENT = { code: 'COINFLOW_BUDGET_EXHAUSTED', reason: 'budget-spent' };
const CLOSED = { code: 'COINFLOW_BUDGET_EXHAUSTED', reason: 'budget-closed' };
const NO_CALLS = { knownKeys: 0, revalidations: 0, newKeys: 0, walletLogins: 0 };
const limitedBy = (reason: string): object => ({ code: 'COINFLOW_TOO_MANY_REQUESTS', reason });

const yes = (): Promise<void> => Promise.resolve();
const no = (): Promise<void> =>
  Promise.reject(new CoinflowSessionRejectedError('no', { reason: 'rejected-by-coinflow' }));
const down =
  (reason = 'timeout') =>
  (): Promise<void> =>
    Promise.reject(new CoinflowUnavailableError('down', { reason, retryAfterMs: 1_000 }));
const rateLimited = (retryAfterMs: number) => (): Promise<void> =>
  Promise.reject(new CoinflowBudgetExhaustedError('429', { reason: 'rate-limited-by-coinflow', retryAfterMs }));

describe('VerificationBudget', () => {
  let budget: VerificationBudget;
  let parts: BudgetParts;
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

  function withOptions(options: CoinflowBudgetOptions = {}): VerificationBudget {
    parts = budgetParts(resolveOptions({ env: 'sandbox', apiKey: 'key', merchantId: 'ours', budget: options }));
    return new VerificationBudget(parts);
  }

  const metrics = (): CoinflowBudgetMetrics => parts.statistics.snapshot(budget.closedForMs);

  interface Wish {
    kind?: VerificationKind;
    id?: string;
    user?: string | undefined;
    client?: string | undefined;
    call?: () => Promise<void>;
  }

  /** What becomes of a wish: whether a call was made, and what was thrown. */
  async function wish({ kind = 'newKeys', id = `id-${(serial += 1)}`, user, client, call = yes }: Wish = {}): Promise<{
    asked: boolean;
    error: unknown;
  }> {
    let asked = false;
    const error: unknown = await budget
      .run({ kind, id, subject: subjectOf(user), caller: client }, () => {
        asked = true;
        return call();
      })
      .catch((thrown: unknown) => thrown);
    return { asked, error };
  }

  /** How many calls are made of so many wishes. */
  async function callsOf(wishes: number, one: Wish = {}): Promise<number> {
    let calls = 0;
    for (let i = 0; i < wishes; i += 1) calls += Number((await wish(one)).asked);
    return calls;
  }

  describe('shares', () => {
    it.each([
      ['newKeys', 15],
      ['revalidations', 15],
      ['knownKeys', 60],
    ] as const)('%s keys get %d calls a minute', async (kind, limit) => {
      expect(await callsOf(100, { kind })).toBe(limit);
      expect(await wish({ kind })).toMatchObject({ asked: false, error: { ...SPENT, retryAfterMs: MINUTE_MS } });
      jest.advanceTimersByTime(MINUTE_MS - 1);
      expect(await wish({ kind })).toMatchObject({ asked: false, error: { ...SPENT, retryAfterMs: 1 } });
      jest.advanceTimersByTime(1);
      expect(await callsOf(100, { kind })).toBe(limit);
    });

    it('what is reserved is there however much the others wish for', async () => {
      expect(await callsOf(1_000, { kind: 'newKeys' })).toBe(15);
      expect(await callsOf(1_000, { kind: 'revalidations' })).toBe(15);
      expect(await callsOf(1_000, { kind: 'knownKeys' })).toBe(30);
    });

    it('a share that is spent is said once in a window', async () => {
      await callsOf(100);
      await callsOf(100, { kind: 'revalidations' });
      expect(logger.at('warn')).toEqual([
        expect.stringContaining('The calls of Verify Token for new session keys are spent: answered 503 for 60 s'),
        expect.stringContaining('The calls of Verify Token for the maxAgeMs of routes are spent'),
      ]);
      jest.advanceTimersByTime(MINUTE_MS);
      await callsOf(100);
      expect(logger.at('warn')).toHaveLength(3);
    });

    it('the probe counts as new, and takes what is free when nothing is left for those', async () => {
      await callsOf(14);
      await budget.probe(no).catch(() => undefined);
      expect(await callsOf(10)).toBe(0);
      await expect(budget.probe(yes)).resolves.toBeUndefined();
      expect(metrics().used).toEqual({ ...NO_CALLS, newKeys: 16 });
      expect(await callsOf(100, { kind: 'knownKeys' })).toBe(44);
      await expect(budget.probe(yes)).rejects.toMatchObject(SPENT);
    });

    it('the smallest budget lets somebody in', async () => {
      budget = withOptions({ verificationsPerMinute: 4, reservedForKnownKeys: 0, revalidations: 3 });
      expect(await callsOf(5)).toBe(1);
      await expect(budget.probe(yes)).resolves.toBeUndefined();
    });

    it('a call that an open breaker stops spends nothing', async () => {
      expect(await callsOf(50, { call: down('breaker-open') })).toBe(50);
      expect(await callsOf(50, { kind: 'revalidations', id: 'one', call: down('breaker-open') })).toBe(50);
      for (let i = 0; i < 50; i += 1) await budget.probe(down('breaker-open')).catch(() => undefined);
      expect(metrics().used).toEqual(NO_CALLS);
      expect(await callsOf(50)).toBe(15);
      expect(await callsOf(50, { kind: 'revalidations', id: 'one' })).toBe(10);
    });

    it('what is given back late is not given to the next window', async () => {
      let end = (): void => undefined;
      const late = wish({ call: () => new Promise((_, reject) => (end = () => reject(breakerOpen()))) });
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

    it('stops the calls for the user whose key met it, and for nobody else once another call was answered', async () => {
      expect(await wish({ ...ALICE, call: rateLimited(7_000) })).toMatchObject({ asked: true });
      expect(await wish(ALICE)).toMatchObject({ asked: false, error: { ...CLOSED, retryAfterMs: 7_000 } });
      // Whichever of the user's keys it is.
      expect(await wish({ ...ALICE, kind: 'knownKeys' })).toMatchObject({ asked: false, error: CLOSED });
      expect(await wish({ ...BOB, call: no })).toMatchObject({ asked: true });
      for (const one of [CAROL, {}, { client: '203.0.113.7' }]) expect(await wish(one)).toMatchObject({ asked: true });
      expect(await wish(ALICE)).toMatchObject({ asked: false });
      expect(metrics().closedForMs).toBe(0);
      jest.advanceTimersByTime(7_000);
      expect(await wish(ALICE)).toMatchObject({ asked: true });
    });

    it('allows one call for another user at a time, until it is known whether all are limited', async () => {
      await wish({ ...ALICE, call: rateLimited(7_000) });
      let answer = (): void => undefined;
      const trial = wish({ ...BOB, call: () => new Promise<void>((resolve) => (answer = resolve)) });
      await jest.advanceTimersByTimeAsync(0);
      expect(await wish(CAROL)).toMatchObject({ asked: false, error: { ...CLOSED, retryAfterMs: 1_000 } });
      answer();
      await trial;
      expect(await wish(CAROL)).toMatchObject({ asked: true });
    });

    it('stops all calls when a second user meets one, for its Retry-After', async () => {
      await wish({ ...ALICE, call: rateLimited(7_000) });
      await wish({ ...BOB, call: rateLimited(9_000) });
      expect(metrics().closedForMs).toBe(9_000);
      for (const kind of VERIFICATION_KINDS) {
        expect(await wish({ kind, user: 'carol' })).toMatchObject({
          asked: false,
          error: { ...CLOSED, retryAfterMs: 9_000 },
        });
      }
      await expect(budget.probe(yes)).rejects.toMatchObject(CLOSED);
      jest.advanceTimersByTime(9_000);
      expect(await wish(CAROL)).toMatchObject({ asked: true, error: undefined });
      expect(metrics().closedForMs).toBe(0);
    });

    it('is not outweighed by an answer to a call that began before it', async () => {
      let answer = (): void => undefined;
      const early = wish({ ...BOB, call: () => new Promise<void>((resolve) => (answer = resolve)) });
      await jest.advanceTimersByTimeAsync(1);
      await wish({ ...ALICE, call: rateLimited(7_000) });
      answer();
      await early;
      await wish({ ...CAROL, call: rateLimited(7_000) });
      expect(metrics().closedForMs).toBe(7_000);
    });

    it('leaves the next call to find out when the trial meets an outage', async () => {
      await wish({ ...ALICE, call: rateLimited(7_000) });
      await wish({ ...BOB, call: down() });
      await wish({ ...CAROL, call: rateLimited(7_000) });
      expect(metrics().closedForMs).toBe(7_000);
    });

    it('to a new key stops the calls for its client, not for the user that it names', async () => {
      expect(await wish({ user: 'alice', client: 'a', call: rateLimited(7_000) })).toMatchObject({ asked: true });
      expect(await wish({ client: 'a' })).toMatchObject({ asked: false, error: CLOSED });
      expect(await wish(ALICE)).toMatchObject({ asked: true });
      // Without a client it is that key alone.
      await wish({ id: 'one', call: rateLimited(7_000) });
      expect(await wish({ id: 'one' })).toMatchObject({ asked: false });
      expect(await wish({ id: 'two' })).toMatchObject({ asked: true });
    });

    it('to the endpoint probe stops all calls', async () => {
      await budget.probe(rateLimited(7_000)).catch(() => undefined);
      expect(await wish(ALICE)).toMatchObject({ asked: false, error: CLOSED });
    });

    it('never stops them for longer than a minute', async () => {
      await wish({ ...ALICE, call: rateLimited(3_600_000) });
      await budget.probe(rateLimited(3_600_000)).catch(() => undefined);
      jest.advanceTimersByTime(MINUTE_MS);
      expect(await wish(ALICE)).toMatchObject({ asked: true });
    });

    it('that asks for a shorter wait than an earlier one ends it no earlier', async () => {
      await budget.probe(rateLimited(30_000)).catch(() => undefined);
      jest.advanceTimersByTime(1);
      const slow = new UpstreamLimit();
      let answer = (): void => undefined;
      const late = slow.run(undefined, () =>
        new Promise<void>((resolve) => (answer = resolve)).then(rateLimited(1_000)),
      );
      await slow.run(undefined, rateLimited(30_000)).catch(() => undefined);
      answer();
      await late.catch(() => undefined);
      expect(slow.closedForMs).toBe(30_000);
    });

    it('costs a call that was stopped by it no slot', async () => {
      await wish({ ...ALICE, call: rateLimited(1_000) });
      for (let i = 0; i < 50; i += 1) await wish({ ...ALICE });
      jest.advanceTimersByTime(1_000);
      // Of ten calls the user has had one.
      expect(await callsOf(50, ALICE)).toBe(9);
    });

    it('is none where there was an outage', async () => {
      await wish({ ...ALICE, call: down() });
      expect(await wish(ALICE)).toMatchObject({ asked: true });
    });
  });

  describe('a client', () => {
    const CLIENT = '203.0.113.7';

    beforeEach(() => {
      budget = withOptions({ verificationsPerMinute: 10_000 });
    });

    it('has ten rejections a minute, and no other client is concerned', async () => {
      expect(await callsOf(50, { client: CLIENT, call: no })).toBe(10);
      expect(await wish({ client: CLIENT })).toMatchObject({
        asked: false,
        error: { ...limitedBy('rejections-per-client'), retryAfterMs: MINUTE_MS },
      });
      expect(await wish({ client: '203.0.113.8' })).toMatchObject({ asked: true });
      expect(metrics()).toMatchObject({ used: { newKeys: 11 }, rateLimited: { ...NO_CALLS, newKeys: 41 } });
      jest.advanceTimersByTime(MINUTE_MS);
      expect(await callsOf(50, { client: CLIENT, call: no })).toBe(10);
    });

    it('has a limit of new keys also when Coinflow accepts all of them', async () => {
      budget = withOptions();
      expect(await callsOf(50, { client: CLIENT })).toBe(14);
      expect(await wish({ client: CLIENT })).toMatchObject({
        error: { ...limitedBy('new-keys-per-client'), retryAfterMs: MINUTE_MS },
      });
      expect(await wish({ client: 'another' })).toMatchObject({ asked: true });
      expect(logger.at('warn')).toEqual([
        expect.stringContaining('A client that sends many new session keys is answered 429'),
      ]);
    });

    it.each([
      ['a time out', down()],
      ['an open breaker', down('breaker-open')],
    ])('pays nothing for %s', async (_, call) => {
      expect(await callsOf(50, { client: CLIENT, call })).toBe(50);
    });

    it('pays nothing when no call is left', async () => {
      budget = withOptions({ verificationsPerMinute: 4 });
      await callsOf(1);
      for (let i = 0; i < 50; i += 1) expect(await wish({ client: 'a' })).toMatchObject({ error: SPENT });
      jest.advanceTimersByTime(MINUTE_MS);
      expect(await wish({ client: 'a', call: no })).toMatchObject({ asked: true });
    });

    it('with many honest users at once is told to come back in a second, and nothing of invalid keys is logged', async () => {
      budget = withOptions();
      const answers: (() => void)[] = [];
      const users = Array.from({ length: 14 }, () =>
        wish({ client: CLIENT, call: () => new Promise<void>((resolve) => answers.push(resolve)) }),
      );
      const busy = await Promise.all(users.slice(10));
      for (const one of busy) {
        expect(one).toMatchObject({ asked: false, error: { ...limitedBy('client-busy'), retryAfterMs: 1_000 } });
      }
      expect(logger.at('warn')).toEqual([expect.stringMatching(/at the same time.*\[client-busy\]/)]);
      await jest.advanceTimersByTimeAsync(0);
      for (const answer of answers) answer();
      await Promise.all(users);
      expect(await callsOf(4, { client: CLIENT })).toBe(4);
    });

    it('with one rejection among many users at once is busy, too', async () => {
      budget = withOptions();
      await wish({ client: CLIENT, call: no });
      const users = Array.from({ length: 10 }, () =>
        wish({ client: CLIENT, call: () => new Promise(() => undefined) }),
      );
      expect(await users[9]).toMatchObject({ asked: false, error: limitedBy('client-busy') });
    });

    it('is told of the rejections once they are known, though other calls are under way elsewhere', async () => {
      await callsOf(10, { client: CLIENT, call: no });
      expect(await wish({ client: CLIENT })).toMatchObject({ error: limitedBy('rejections-per-client') });
      // Another replica knows of no rejection: the slots may be in use there.
      const other = new VerificationBudget({ ...parts });
      const error: unknown = await other
        .run({ kind: 'newKeys', id: 'x', subject: null, caller: CLIENT }, yes)
        .catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ ...limitedBy('client-busy'), retryAfterMs: 1_000 });
    });

    it('is an IPv4 address or the /64 of IPv6, however they are written', async () => {
      await callsOf(10, { client: CLIENT, call: no });
      expect(await wish({ client: '::ffff:203.0.113.7' })).toMatchObject({ asked: false });
      await callsOf(10, { client: '2001:db8::1', call: no });
      expect(await wish({ client: '2001:DB8:0:0:ffff::2%eth0' })).toMatchObject({ asked: false });
      expect(await wish({ client: '2001:db8:0:1::1' })).toMatchObject({ asked: true });
    });

    it('gets half of the calls for known keys, however many users and keys it has', async () => {
      budget = withOptions();
      let calls = 0;
      for (let user = 0; user < 60; user += 1) {
        calls += await callsOf(1, { kind: 'knownKeys', user: `user-${user}`, client: CLIENT });
      }
      expect(calls).toBe(30);
      expect(await wish({ kind: 'knownKeys', user: 'new', client: CLIENT })).toMatchObject({
        error: limitedBy('known-keys-per-client'),
      });
      expect(await wish({ kind: 'knownKeys', user: 'bob', client: 'another' })).toMatchObject({ asked: true });
    });

    it('does not get all revalidations, however many users it has', async () => {
      budget = withOptions();
      let calls = 0;
      for (let user = 0; user < 20; user += 1) {
        calls += await callsOf(1, { kind: 'revalidations', user: `user-${user}`, client: CLIENT });
      }
      expect(calls).toBe(10);
      expect(await wish({ kind: 'revalidations', user: 'bob', client: 'another' })).toMatchObject({ asked: true });
    });

    it.each([
      ['that cannot be told', {}, undefined],
      ['that is empty', {}, ''],
      ['without limits', { rejectionsPerClient: false as const, newKeysPerClient: false as const }, 'a'],
    ])('%s is not limited', async (_, options, client) => {
      budget = withOptions({ verificationsPerMinute: 10_000, ...options });
      expect(await callsOf(50, { client, call: no })).toBe(50);
    });
  });

  describe('a user', () => {
    it('has ten calls a minute for known keys and revalidations, and leaves the rest to others', async () => {
      expect(await callsOf(50, { kind: 'revalidations', user: 'alice' })).toBe(10);
      expect(await wish({ kind: 'knownKeys', user: 'alice' })).toMatchObject({
        error: limitedBy('verifications-per-user'),
      });
      expect(await callsOf(50, { kind: 'revalidations', user: 'bob' })).toBe(5);
      // Those of the second are stopped by the share, and cost the user nothing.
      expect(metrics()).toMatchObject({
        rateLimited: { ...NO_CALLS, revalidations: 40, knownKeys: 1 },
        exhausted: { ...NO_CALLS, revalidations: 45 },
      });
      expect(await callsOf(50, { kind: 'knownKeys', user: 'bob' })).toBe(5);
    });

    it('is the key itself where it names nobody', async () => {
      expect(await callsOf(50, { kind: 'revalidations', id: 'one' })).toBe(10);
      expect(await wish({ kind: 'revalidations', id: 'two' })).toMatchObject({ asked: true });
    });

    it('is not concerned by new keys that name them: anybody can write such a key', async () => {
      await callsOf(50, { user: 'alice', client: 'a', call: no });
      expect(await callsOf(50, { kind: 'revalidations', user: 'alice' })).toBe(10);
    });

    it('pays for a call that met an outage, and for none that a breaker stopped', async () => {
      expect(await callsOf(4, { kind: 'revalidations', user: 'alice', call: down() })).toBe(4);
      await callsOf(50, { kind: 'revalidations', user: 'alice', call: down('breaker-open') });
      expect(await callsOf(50, { kind: 'revalidations', user: 'alice' })).toBe(6);
    });
  });

  it('names neither keys, users nor addresses to its store, and the same on every replica with the same seal keys', async () => {
    const namesUnder = async (merchantId: string, sealKey: number): Promise<string[]> => {
      const names: string[] = [];
      const store = {
        take: (name: string) => Promise.resolve({ taken: names.push(name) > 0, retryAfterMs: MINUTE_MS }),
        giveBack: () => Promise.resolve(),
      };
      const sealKeys = [Buffer.alloc(32, sealKey).toString('base64')];
      const options = resolveOptions({ env: 'prod', apiKey: 'key', merchantId, sealKeys });
      const shared = budgetParts(options, { shares: store, callers: store });
      const one = new VerificationBudget(shared);
      // A client may have the name of anything.
      await one.run({ kind: 'newKeys', id: 'another-id', subject: null, caller: 'session-key-id' }, yes);
      await one.run({ kind: 'revalidations', id: 'session-key-id', subject: null, caller: '203.0.113.7' }, yes);
      await new WalletLoginBudget(shared).run('session-key-id', yes);
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

  it('no share gives more than it has, and the reserved is there for proven keys, in any sequence of wishes', async () => {
    const kind = fc.constantFrom(...VERIFICATION_KINDS);
    const answer = fc.constantFrom(yes, no, down(), down('breaker-open'));
    const wishes = fc.array(
      fc.record({
        kind,
        id: fc.constantFrom('a', 'b', 'c'),
        user: fc.constantFrom('alice', 'bob'),
        client: fc.constantFrom('x', 'y', 'z', undefined),
        answer,
      }),
      { maxLength: 120 },
    );
    const options = fc
      .record({
        verificationsPerMinute: fc.integer({ min: 4, max: 40 }),
        reservedForKnownKeys: fc.option(fc.nat(10), { nil: undefined }),
        rejectionsPerClient: fc.nat(5),
        newKeysPerClient: fc.integer({ min: 1, max: 8 }),
        revalidationsPerSubject: fc.integer({ min: 1, max: 5 }),
      })
      .filter(({ verificationsPerMinute: total, reservedForKnownKeys }) => {
        return total - (reservedForKnownKeys ?? Math.floor(total / 2)) - Math.floor(total / 4) >= 1;
      });
    await fc.assert(
      fc.asyncProperty(options, wishes, async (given, sequence) => {
        // A window begins with its first slot: all of them begin now.
        budget = withOptions(given);
        const { reservedForKnownKeys, revalidations, newKeys } = resolveOptions({
          env: 'sandbox',
          apiKey: 'key',
          merchantId: 'ours',
          budget: given,
        }).budget;
        const made = { ...NO_CALLS };
        const ofUser: Record<string, number> = {};
        const newOf: Record<string, number> = {};
        const rejectedOf: Record<string, number> = {};
        for (const { kind: wished, id, user, client, answer: call } of sequence) {
          const { asked, error } = await wish({ kind: wished, id, user, client, call });
          if (!asked || (error instanceof CoinflowUnavailableError && error.reason === 'breaker-open')) continue;
          made[wished] += 1;
          if (wished !== 'newKeys') ofUser[user] = (ofUser[user] ?? 0) + 1;
          if (wished === 'newKeys' && client && (call === no || call === yes)) newOf[client] = (newOf[client] ?? 0) + 1;
          if (wished === 'newKeys' && client && call === no) rejectedOf[client] = (rejectedOf[client] ?? 0) + 1;
        }
        expect(made.newKeys).toBeLessThanOrEqual(newKeys);
        expect(made.revalidations).toBeLessThanOrEqual(revalidations);
        const total = made.knownKeys + made.revalidations + made.newKeys;
        expect(total).toBeLessThanOrEqual(given.verificationsPerMinute);
        for (const count of Object.values(ofUser)) expect(count).toBeLessThanOrEqual(given.revalidationsPerSubject);
        for (const count of Object.values(newOf)) expect(count).toBeLessThanOrEqual(given.newKeysPerClient);
        if (given.rejectionsPerClient > 0) {
          for (const count of Object.values(rejectedOf)) expect(count).toBeLessThanOrEqual(given.rejectionsPerClient);
        }
        expect(metrics().used).toEqual(made);
        // Whatever the others did: what is reserved and not used by proven keys is still there for them, and all that is free.
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
