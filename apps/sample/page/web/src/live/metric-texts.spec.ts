import { describe, expect, it } from '@jest/globals';
import { EMPTY_TALLY, savedCalls, savedPercent, since } from './call-savings.js';
import { blockedCallsText, breakerText, budgetText, sharedStoreText, skewText } from './metric-texts.js';

const NO_CALLS = { knownKeys: 0, revalidations: 0, newKeys: 0, walletLogins: 0, apiCalls: 0 };
const BUDGET = {
  used: NO_CALLS,
  exhausted: NO_CALLS,
  rateLimited: NO_CALLS,
  closedForMs: 0,
};
const SHARED = { hits: 1, misses: 2, unreadable: 0, failures: 0, breaker: 'closed', revocationsKnown: true } as const;

describe('the share of requests without a call', () => {
  it.each([
    [0, 0, '–'],
    [1_000, 0, '100 %'],
    [1_000, 1, '99.9 %'],
    [100_000, 1, '99.9 %'],
    [1, 3, '0 %'],
  ])(
    'shows the share of requests without a call, for %d requests and %d calls, as %s',
    (requests, verifyCalls, percent) => {
      expect(savedPercent({ requests, verifyCalls, creationCalls: 5 })).toBe(percent);
    },
  );

  it('never counts fewer than 0 saved calls', () => {
    expect(savedCalls({ requests: 1, verifyCalls: 3, creationCalls: 0 })).toBe(0);
  });

  it('counts requests and calls since a baseline, and from zero after a restart of the sample', () => {
    const before = { requests: 10, verifyCalls: 2, creationCalls: 1 };
    expect(since({ requests: 15, verifyCalls: 3, creationCalls: 1 }, before)).toEqual({
      requests: 5,
      verifyCalls: 1,
      creationCalls: 0,
    });
    expect(since({ requests: 3, verifyCalls: 0, creationCalls: 0 }, before)).toEqual({ ...EMPTY_TALLY, requests: 3 });
  });
});

describe('the texts of the metrics', () => {
  it('names the purpose of each call', () => {
    expect(budgetText(BUDGET)).toBe('None');
    expect(budgetText({ ...BUDGET, used: { ...NO_CALLS, newKeys: 2, revalidations: 1, apiCalls: 3 } })).toBe(
      '2 new keys, 1 revalidation, 3 API calls',
    );
  });

  it('names the reason of each blocked call', () => {
    expect(blockedCallsText(BUDGET)).toBe('None');
    expect(
      blockedCallsText({
        ...BUDGET,
        rateLimited: { ...NO_CALLS, newKeys: 4_203, revalidations: 2, apiCalls: 1 },
        exhausted: { ...NO_CALLS, newKeys: 1, revalidations: 1 },
      }),
    ).toBe(
      '4,203 × invalid keys of one client, 2 × too many checks of one key, 1 × API calls of one user, 2 × budget exhausted',
    );
  });

  it('warns of a clock skew above 30 seconds', () => {
    expect(skewText(null)).toEqual({ text: 'Unknown until Coinflow responds', isOff: false });
    expect(skewText(0)).toEqual({ text: 'At most 1 s', isOff: false });
    expect(skewText(-900)).toEqual({ text: 'At most 1 s', isOff: false });
    expect(skewText(300_000)).toEqual({ text: 'Coinflow is 5 min ahead: synchronise the clock', isOff: true });
    expect(skewText(-31_000)).toEqual({ text: 'Coinflow is 31 s behind: synchronise the clock', isOff: true });
  });

  it('counts the hits, misses and failures of the shared store', () => {
    expect(sharedStoreText(null)).toBe('None: set REDIS_URL');
    expect(sharedStoreText(SHARED)).toBe('1 hit, 2 misses');
    expect(sharedStoreText({ ...SHARED, failures: 3 })).toBe('1 hit, 2 misses, 3 failures');
    expect(sharedStoreText({ ...SHARED, revocationsKnown: false })).toContain(
      'Revocations of other replicas are unknown',
    );
  });

  it('shows the state of the circuit breaker and a pause after a 429', () => {
    expect(breakerText('open')).toMatch(/^Open/);
    expect(breakerText('half-open')).toMatch(/^Half-open/);
    expect(breakerText('closed')).toBe('Closed');
    expect(breakerText('closed', 4_000)).toBe('Calls paused after a 429: 4 s left');
  });
});
