import { afterEach, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { CoinflowSessionRevokedError, CoinflowUnavailableError } from '../errors/coinflow-auth.errors.js';
import type { CoinflowSession } from '../session/coinflow-session.js';
import { asUser } from '../testing/create-test-session.js';
import type { VerificationResult } from '../verification/verification-result.js';
import { SharedAuthentications } from './shared-authentications.js';

type Result = VerificationResult | Promise<VerificationResult>;

const KEY = 'session key';

/** A verifier whose cache has a verification, and whose calls succeed or not. */
class FakeVerifier {
  calls = 0;
  readonly ages = new Map<CoinflowSession, number>();

  constructor(
    private ageMs: number,
    private readonly isUp: boolean,
  ) {}

  verify(maxAgeMs: number): Result {
    if (this.ageMs <= maxAgeMs) return { decidedBy: 'cache', session: this.#session(this.ageMs) };
    this.calls += 1;
    return this.#call();
  }

  async #call(): Promise<VerificationResult> {
    await Promise.resolve();
    if (!this.isUp) return { decidedBy: 'coinflow', error: unavailable() };
    this.ageMs = 0;
    return { decidedBy: 'coinflow', session: this.#session(0) };
  }

  #session(ageMs: number): CoinflowSession {
    const session = asUser('alice');
    this.ages.set(session, ageMs);
    return session;
  }
}

function unavailable(): CoinflowUnavailableError {
  return new CoinflowUnavailableError('Coinflow is unreachable', { reason: 'unreachable', retryAfterMs: 5_000 });
}

/** The user of a result that is there at once, or the code of its error. */
function outcomeOf(result: Result): string | undefined {
  if (result instanceof Promise) return 'pending';
  const { session, error } = result;
  return error ? error.code : session.subject?.kind === 'user' ? session.subject.userId : undefined;
}

describe('SharedAuthentications', () => {
  afterEach(() => {
    jest.useRealTimers();
  });

  const ages = fc.constantFrom(0, 1, 1_000, 60_000, Infinity);
  const demands = fc.array(fc.record({ maxAgeMs: ages, waits: fc.boolean() }), { minLength: 1, maxLength: 12 });

  it('makes no more calls than the resolvers demand, and gives none an older verification, in any order', async () => {
    await fc.assert(
      fc.asyncProperty(demands, ages, fc.boolean(), async (resolvers, cachedMs, isUp) => {
        const verifier = new FakeVerifier(cachedMs, isUp);
        const shared = new SharedAuthentications(() => () => undefined);
        const carrier = {};
        const results: Promise<VerificationResult>[] = [];
        for (const { maxAgeMs, waits } of resolvers) {
          results.push(Promise.resolve(shared.authenticate(carrier, KEY, maxAgeMs, () => verifier.verify(maxAgeMs))));
          if (waits) await Promise.all(results);
        }
        const settled = await Promise.all(results);
        resolvers.forEach(({ maxAgeMs }, index) => {
          const { session, error } = settled[index]!;
          if (session) expect(verifier.ages.get(session)).toBeLessThanOrEqual(maxAgeMs);
          expect(error?.code).toBe(isUp || cachedMs <= maxAgeMs ? undefined : 'COINFLOW_UNAVAILABLE');
        });
        const demanding = new Set(resolvers.map(({ maxAgeMs }) => maxAgeMs).filter((maxAgeMs) => maxAgeMs < cachedMs));
        expect(verifier.calls).toBe(isUp ? Math.min(1, demanding.size) : demanding.size);
      }),
    );
  });

  it('verifies again for a resolver that runs a second later, for the next event of a subscription', () => {
    jest.useFakeTimers();
    const shared = new SharedAuthentications(() => () => undefined);
    const verify = jest.fn((): Result => ({ decidedBy: 'cache', session: asUser('alice') }));
    const carrier = {};
    const resolve = (): Result => shared.authenticate(carrier, KEY, Infinity, verify);
    expect(outcomeOf(resolve())).toBe('alice');
    jest.advanceTimersByTime(999);
    expect(outcomeOf(resolve())).toBe('alice');
    expect(verify.mock.calls.length).toBe(1);
    jest.advanceTimersByTime(1);
    expect(outcomeOf(resolve())).toBe('alice');
    expect(verify.mock.calls.length).toBe(2);
  });

  it('returns the error of a session that has ended since it was authenticated', () => {
    const ended: CoinflowSessionRevokedError[] = [];
    const shared = new SharedAuthentications(() => () => ended[0]);
    const carrier = {};
    const resolve = (): Result =>
      shared.authenticate(carrier, KEY, 0, () => ({ decidedBy: 'cache', session: asUser('alice') }));
    expect(outcomeOf(resolve())).toBe('alice');
    ended.push(new CoinflowSessionRevokedError());
    expect(outcomeOf(resolve())).toBe('COINFLOW_SESSION_REVOKED');
  });

  it('shares nothing between requests, or between the keys of one request', () => {
    const shared = new SharedAuthentications(() => () => undefined);
    const carrier = {};
    const as = (userId: string, of: object, key: string): Result =>
      shared.authenticate(of, key, Infinity, () => ({ decidedBy: 'cache', session: asUser(userId) }));
    expect(outcomeOf(as('alice', carrier, KEY))).toBe('alice');
    expect(outcomeOf(as('bob', {}, KEY))).toBe('bob');
    expect(outcomeOf(as('carol', carrier, 'another key'))).toBe('carol');
    expect(outcomeOf(as('dave', carrier, KEY))).toBe('alice');
  });

  it('does not keep a defect for later resolvers, and passes it to those that wait for it', async () => {
    const shared = new SharedAuthentications(() => () => undefined);
    const carrier = {};
    const broken = (): Result => Promise.reject(new TypeError('a defect'));
    const waiting = [0, Infinity].map((age) => shared.authenticate(carrier, KEY, age, broken));
    for (const result of waiting) await expect(result).rejects.toThrow('a defect');
    const session = asUser('alice');
    const later = await shared.authenticate(carrier, KEY, 0, () => Promise.resolve({ decidedBy: 'coinflow', session }));
    expect(outcomeOf(later)).toBe('alice');
  });

  it('counts the first handler of a request', () => {
    const shared = new SharedAuthentications(() => () => undefined);
    const carrier = {};
    expect([carrier, carrier, {}].map((one) => shared.countOnce(one))).toEqual([true, false, true]);
  });
});
