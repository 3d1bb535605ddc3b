import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { amount } from '../../../../../test/harness/amount.js';
import { RecordingLogger } from '../../../../../test/harness/recording-logger.js';
import { Logger } from '@nestjs/common';
import {
  CoinflowRateLimitedError,
  CoinflowSessionRejectedError,
  CoinflowUnavailableError,
} from '../../errors/coinflow-auth.errors.js';
import type { CoinflowBudgetOptions } from '../../options/budget-options.js';
import { resolveOptions } from '../../options/resolve-options.js';
import { VERIFICATION_KINDS, type VerificationKind } from './verification-kind.js';
import { VerificationBudget } from './verification-budget.js';

const MINUTE_MS = 60_000;
const SPENT = { code: 'COINFLOW_RATE_LIMITED', reason: 'budget-spent' };
const CLOSED = { code: 'COINFLOW_RATE_LIMITED', reason: 'budget-closed' };
const SOURCE_LIMITED = { code: 'COINFLOW_TOO_MANY_REQUESTS', reason: 'source-limited' };
const KEY_LIMITED = { code: 'COINFLOW_TOO_MANY_REQUESTS', reason: 'key-limited' };

const yes = (): Promise<void> => Promise.resolve();
const no = (): Promise<void> =>
  Promise.reject(new CoinflowSessionRejectedError('no', { reason: 'refused-by-coinflow' }));
const down =
  (reason = 'timeout') =>
  (): Promise<void> =>
    Promise.reject(new CoinflowUnavailableError('down', { reason, retryAfterMs: 1_000 }));
const rateLimited = (retryAfterMs: number) => (): Promise<void> =>
  Promise.reject(new CoinflowRateLimitedError('429', { reason: 'rate-limited-by-coinflow', retryAfterMs }));

describe('VerificationBudget', () => {
  let budget: VerificationBudget;
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
    return new VerificationBudget(
      resolveOptions({ env: 'sandbox', apiKey: 'key', merchantId: 'ours', budget: options }),
    );
  }

  interface Wish {
    kind?: VerificationKind;
    id?: string;
    source?: string;
    call?: () => Promise<void>;
  }

  /** What becomes of a wish: whether a call was made, and what was thrown. */
  async function wish({ kind = 'unknown', id = `id-${(serial += 1)}`, source, call = yes }: Wish = {}): Promise<{
    asked: boolean;
    error: unknown;
  }> {
    let asked = false;
    const error: unknown = await budget
      .run({ kind, id, caller: source }, () => {
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
      ['unknown', 15],
      ['forced', 15],
      ['proven', 60],
    ] as const)('%s keys get %d calls a minute', async (kind, limit) => {
      expect(await callsOf(100, { kind })).toBe(limit);
      expect(await wish({ kind })).toMatchObject({ asked: false, error: { ...SPENT, retryAfterMs: MINUTE_MS } });
      jest.advanceTimersByTime(MINUTE_MS - 1);
      expect(await wish({ kind })).toMatchObject({ asked: false, error: { ...SPENT, retryAfterMs: 1 } });
      jest.advanceTimersByTime(1);
      expect(await callsOf(100, { kind })).toBe(limit);
    });

    it('what is reserved is there however much the others wish for', async () => {
      expect(await callsOf(1_000, { kind: 'unknown' })).toBe(15);
      expect(await callsOf(1_000, { kind: 'forced' })).toBe(15);
      expect(await callsOf(1_000, { kind: 'proven' })).toBe(30);
    });

    it('a share that is spent is said once in a window', async () => {
      await callsOf(100);
      await callsOf(100, { kind: 'forced' });
      expect(logger.at('warn')).toEqual([
        expect.stringContaining('for session keys that are new here are spent: answered 503 for 60 s'),
        expect.stringContaining('for checks that maxAgeMs forces are spent'),
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
      expect(budget.metrics.used).toEqual({ proven: 0, forced: 0, unknown: 16 });
      expect(await callsOf(100, { kind: 'proven' })).toBe(44);
      await expect(budget.probe(yes)).rejects.toMatchObject(SPENT);
    });

    it('the smallest budget lets somebody in', async () => {
      budget = withOptions({ verificationsPerMinute: 4, reservedForProven: 0, forcedChecks: 3 });
      expect(await callsOf(5)).toBe(1);
      await expect(budget.probe(yes)).resolves.toBeUndefined();
    });

    it('a call that an open breaker stops spends nothing', async () => {
      expect(await callsOf(50, { call: down('breaker-open') })).toBe(50);
      expect(await callsOf(50, { kind: 'forced', id: 'one', call: down('breaker-open') })).toBe(50);
      for (let i = 0; i < 50; i += 1) await budget.probe(down('breaker-open')).catch(() => undefined);
      expect(budget.metrics.used).toEqual({ proven: 0, forced: 0, unknown: 0 });
      expect(await callsOf(50)).toBe(15);
      expect(await callsOf(50, { kind: 'forced', id: 'one' })).toBe(10);
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

  describe('Coinflow’s own 429', () => {
    it.each(['proven', 'forced', 'unknown'] as const)(
      'closes it for its Retry-After, whoever met it: %s',
      async (kind) => {
        expect(await wish({ kind, call: rateLimited(7_000) })).toMatchObject({ asked: true });
        expect(budget.metrics.closedForMs).toBe(7_000);
        for (const other of VERIFICATION_KINDS) {
          expect(await wish({ kind: other })).toMatchObject({
            asked: false,
            error: { ...CLOSED, retryAfterMs: 7_000 },
          });
        }
        await expect(budget.probe(yes)).rejects.toMatchObject(CLOSED);
        jest.advanceTimersByTime(6_999);
        expect(await wish()).toMatchObject({ asked: false, error: { retryAfterMs: 1 } });
        jest.advanceTimersByTime(1);
        expect(await wish()).toMatchObject({ asked: true, error: undefined });
        expect(budget.metrics.closedForMs).toBe(0);
      },
    );

    it('never closes it for longer than a minute', async () => {
      await budget.probe(rateLimited(3_600_000)).catch(() => undefined);
      jest.advanceTimersByTime(MINUTE_MS);
      expect(await wish()).toMatchObject({ asked: true });
    });

    it('that says less than an earlier one does not open it', async () => {
      let answer = (): void => undefined;
      const slow = wish({ call: () => new Promise<void>((resolve) => (answer = resolve)).then(rateLimited(1_000)) });
      await jest.advanceTimersByTimeAsync(0);
      await wish({ call: rateLimited(30_000) });
      answer();
      await slow;
      expect(budget.metrics.closedForMs).toBe(30_000);
    });

    it('of an outage there is none', async () => {
      await wish({ call: down() });
      expect(await wish()).toMatchObject({ asked: true });
    });
  });

  describe('a source', () => {
    beforeEach(() => {
      budget = withOptions({ verificationsPerMinute: 10_000 });
    });

    it('has ten refusals a minute, and no other source is concerned', async () => {
      expect(await callsOf(50, { source: '203.0.113.7', call: no })).toBe(10);
      expect(await wish({ source: '203.0.113.7' })).toMatchObject({
        asked: false,
        error: { ...SOURCE_LIMITED, retryAfterMs: MINUTE_MS },
      });
      expect(await wish({ source: '203.0.113.8' })).toMatchObject({ asked: true });
      expect(budget.metrics).toMatchObject({ used: { unknown: 11 }, limited: { source: 41, key: 0 } });
      jest.advanceTimersByTime(MINUTE_MS);
      expect(await callsOf(50, { source: '203.0.113.7', call: no })).toBe(10);
    });

    it.each([
      ['a yes', yes],
      ['a time out', down()],
      ['an open breaker', down('breaker-open')],
    ])('pays nothing for %s', async (_, call) => {
      expect(await callsOf(50, { source: '203.0.113.7', call })).toBe(50);
    });

    it('pays nothing for Coinflow’s 429', async () => {
      for (let i = 0; i < 50; i += 1) {
        expect(await wish({ source: '203.0.113.7', call: rateLimited(1_000) })).toMatchObject({ asked: true });
        jest.advanceTimersByTime(1_000);
      }
    });

    it('pays nothing when no call is left', async () => {
      budget = withOptions({ verificationsPerMinute: 4 });
      await callsOf(1);
      for (let i = 0; i < 50; i += 1) expect(await wish({ source: 'a' })).toMatchObject({ error: SPENT });
      jest.advanceTimersByTime(MINUTE_MS);
      expect(await wish({ source: 'a', call: no })).toMatchObject({ asked: true });
    });

    it('has no more calls under way than it may be refused', async () => {
      const pending = Array.from({ length: 50 }, () => wish({ source: 'a', call: () => new Promise(() => undefined) }));
      const limited = await Promise.all(pending.slice(10));
      expect(limited).toHaveLength(40);
      for (const one of limited) expect(one).toMatchObject({ asked: false, error: SOURCE_LIMITED });
    });

    it('is an IPv4 address or the /64 of IPv6, however they are written', async () => {
      await callsOf(10, { source: '203.0.113.7', call: no });
      expect(await wish({ source: '::ffff:203.0.113.7' })).toMatchObject({ error: SOURCE_LIMITED });
      await callsOf(10, { source: '2001:db8::1', call: no });
      expect(await wish({ source: '2001:DB8:0:0:ffff::2%eth0' })).toMatchObject({ error: SOURCE_LIMITED });
      expect(await wish({ source: '2001:db8:0:1::1' })).toMatchObject({ asked: true });
    });

    it('is of no account for keys that were proven before', async () => {
      expect(await callsOf(50, { kind: 'proven', source: 'a', call: no })).toBe(50);
      expect(await callsOf(50, { kind: 'forced', source: 'a', call: no })).toBe(50);
    });

    it.each([
      ['that cannot be told', {}, undefined],
      ['that is empty', {}, ''],
      ['when they are not told apart', { refusalsPerSource: false as const }, 'a'],
    ])('%s is not limited', async (_, options, source) => {
      budget = withOptions({ verificationsPerMinute: 10_000, ...options });
      expect(await callsOf(50, { source, call: no })).toBe(50);
    });
  });

  describe('a key that forces checks', () => {
    it('has ten a minute, and leaves the rest to others', async () => {
      expect(await callsOf(50, { kind: 'forced', id: 'one' })).toBe(10);
      expect(await wish({ kind: 'forced', id: 'one' })).toMatchObject({ error: KEY_LIMITED });
      expect(await callsOf(50, { kind: 'forced', id: 'two' })).toBe(5);
      // Those of the second are stopped by the share, and cost it nothing.
      expect(budget.metrics).toMatchObject({ limited: { source: 0, key: 41 }, refused: { forced: 45 } });
    });
  });

  it('names neither keys nor addresses to its store, and the same on every instance with the same seal keys', async () => {
    const namesUnder = async (merchantId: string, sealKey: number): Promise<string[]> => {
      const names: string[] = [];
      const store = {
        take: (name: string) => Promise.resolve({ taken: names.push(name) > 0, retryAfterMs: MINUTE_MS }),
        giveBack: () => Promise.resolve(),
      };
      const sealKeys = [Buffer.alloc(32, sealKey).toString('base64')];
      const options = resolveOptions({ env: 'prod', apiKey: 'key', merchantId, sealKeys });
      const one = new VerificationBudget(options, { shares: store, callers: store });
      // A source may have the name of anything.
      await one.run({ kind: 'unknown', id: 'another-id', caller: 'session-key-id' }, yes);
      await one.run({ kind: 'forced', id: 'session-key-id', caller: '203.0.113.7' }, yes);
      return names;
    };
    const names = await namesUnder('ours', 1);
    expect(new Set(names).size).toBe(4);
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
        source: fc.constantFrom('x', 'y', 'z', undefined),
        answer,
      }),
      { maxLength: 120 },
    );
    const options = fc
      .record({
        verificationsPerMinute: fc.integer({ min: 4, max: 40 }),
        reservedForProven: fc.option(fc.nat(10), { nil: undefined }),
        refusalsPerSource: fc.nat(5),
        forcedChecksPerKey: fc.integer({ min: 1, max: 5 }),
      })
      .filter(({ verificationsPerMinute: total, reservedForProven }) => {
        return total - (reservedForProven ?? Math.floor(total / 2)) - Math.floor(total / 4) >= 1;
      });
    await fc.assert(
      fc.asyncProperty(options, wishes, async (given, sequence) => {
        // A window begins with its first slot: all of them begin now.
        budget = withOptions(given);
        const { reservedForProven, forcedChecks, newKeys } = resolveOptions({
          env: 'sandbox',
          apiKey: 'key',
          merchantId: 'ours',
          budget: given,
        }).budget;
        const made = { proven: 0, forced: 0, unknown: 0 };
        const forcedBy: Record<string, number> = {};
        const refusedOf: Record<string, number> = {};
        for (const { kind: wished, id, source, answer: call } of sequence) {
          const { asked, error } = await wish({ kind: wished, id, source, call });
          if (!asked || (error instanceof CoinflowUnavailableError && error.reason === 'breaker-open')) continue;
          made[wished] += 1;
          if (wished === 'forced') forcedBy[id] = (forcedBy[id] ?? 0) + 1;
          if (wished === 'unknown' && source && call === no) refusedOf[source] = (refusedOf[source] ?? 0) + 1;
        }
        expect(made.unknown).toBeLessThanOrEqual(newKeys);
        expect(made.forced).toBeLessThanOrEqual(forcedChecks);
        const total = made.proven + made.forced + made.unknown;
        expect(total).toBeLessThanOrEqual(given.verificationsPerMinute);
        for (const count of Object.values(forcedBy)) expect(count).toBeLessThanOrEqual(given.forcedChecksPerKey);
        if (given.refusalsPerSource > 0) {
          for (const count of Object.values(refusedOf)) expect(count).toBeLessThanOrEqual(given.refusalsPerSource);
        }
        expect(budget.metrics.used).toEqual(made);
        // Whatever the others did: what is reserved and not used by proven keys is still there for them, and all that is free.
        const free = given.verificationsPerMinute - total;
        expect(free).toBeGreaterThanOrEqual(reservedForProven - made.proven);
        expect(await callsOf(free + 5, { kind: 'proven' })).toBe(free);
      }),
      { numRuns: amount('MODEL_RUNS', { quick: 100, full: 5_000 }) },
    );
  });
});

function breakerOpen(): CoinflowUnavailableError {
  return new CoinflowUnavailableError('down', { reason: 'breaker-open', retryAfterMs: 1_000 });
}
