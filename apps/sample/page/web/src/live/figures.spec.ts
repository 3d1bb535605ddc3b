import { describe, expect, it } from '@jest/globals';
import { breakerText, budgetText, leftOutText, sharedText, skewText } from './figure-texts.js';
import { NOTHING, savedCalls, savedPercent, since } from './savings.js';

const NO_CALLS = { knownKeys: 0, revalidations: 0, newKeys: 0, walletLogins: 0 };
const BUDGET = {
  used: NO_CALLS,
  exhausted: NO_CALLS,
  rateLimited: NO_CALLS,
  closedForMs: 0,
};
const SHARED = { hits: 1, misses: 2, unreadable: 0, failures: 0, breaker: 'closed', revocationsKnown: true } as const;

describe('what is saved', () => {
  it.each([
    [0, 0, '–'],
    [1_000, 0, '100 %'],
    [1_000, 1, '99.9 %'],
    [100_000, 1, '99.9 %'],
    [1, 3, '0 %'],
  ])('%d requests, %d calls: %s', (requests, verifications, percent) => {
    expect(savedPercent({ requests, verifications, logins: 5 })).toBe(percent);
  });

  it('is not less than nothing', () => {
    expect(savedCalls({ requests: 1, verifications: 3, logins: 0 })).toBe(0);
  });

  it('is counted from a moment on, and anew when the sample was started again', () => {
    const before = { requests: 10, verifications: 2, logins: 1 };
    expect(since({ requests: 15, verifications: 3, logins: 1 }, before)).toEqual({
      requests: 5,
      verifications: 1,
      logins: 0,
    });
    expect(since({ requests: 3, verifications: 0, logins: 0 }, before)).toEqual({ ...NOTHING, requests: 3 });
  });
});

describe('the figures in words', () => {
  it('what calls were for, and which were not made', () => {
    expect(budgetText(BUDGET)).toBe('Nothing spent yet');
    expect(budgetText({ ...BUDGET, used: { ...NO_CALLS, newKeys: 2, revalidations: 1 } })).toBe(
      '2 for new keys, 1 for payouts',
    );
    expect(leftOutText(BUDGET)).toBe('None');
    expect(
      leftOutText({
        ...BUDGET,
        rateLimited: { ...NO_CALLS, newKeys: 4_203, revalidations: 2 },
        exhausted: { ...NO_CALLS, newKeys: 1, revalidations: 1 },
      }),
    ).toBe('4,203: invalid keys from one address, 2: one user asks too often, 2: none left');
  });

  it('a clock that is off', () => {
    expect(skewText(null)).toEqual({ text: 'Not known before its first answer', isOff: false });
    expect(skewText(0)).toEqual({ text: 'Within 1 s of the merchant’s', isOff: false });
    expect(skewText(-900)).toEqual({ text: 'Within 1 s of the merchant’s', isOff: false });
    expect(skewText(300_000)).toEqual({ text: '5 min ahead of the merchant’s: set the clock', isOff: true });
    expect(skewText(-31_000)).toEqual({ text: '31 s behind the merchant’s: set the clock', isOff: true });
  });

  it('what instances share', () => {
    expect(sharedText(null)).toBe('Nothing is shared: set REDIS_URL');
    expect(sharedText(SHARED)).toBe('1 hit, 2 misses');
    expect(sharedText({ ...SHARED, failures: 3 })).toBe('1 hit, 2 misses, 3 failures');
    expect(sharedText({ ...SHARED, revocationsKnown: false })).toContain('Others’ revocations are not known now');
  });

  it('a breaker', () => {
    expect(breakerText('open')).toContain('left alone');
    expect(breakerText('half-open')).toContain('tries');
    expect(breakerText('closed')).toBe('Is called when it must be');
  });
});
