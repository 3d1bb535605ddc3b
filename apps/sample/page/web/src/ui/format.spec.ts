import { describe, expect, it } from '@jest/globals';
import { formatDuration, formatMoney, formatMs, plural, shorten, subjectName } from './format.js';

describe('the formats of the page', () => {
  it.each([
    [-5, '0 s'],
    [19_001, '20 s'],
    [119_000, '119 s'],
    [300_000, '5 min'],
    [86_399_000, '23 h 59 min'],
  ])('shows a duration of %d ms as %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  it('shows a latency in ms or s', () => {
    expect([1.24, 33.6, 1_520].map(formatMs)).toEqual(['1.2 ms', '34 ms', '1.5 s']);
  });

  it('shows money and counts', () => {
    expect(formatMoney({ cents: 1_550, currency: 'USD' })).toBe('$15.50');
    expect([plural(1, 'call'), plural(1_000, 'call'), plural(2, 'miss', 'misses')]).toEqual([
      '1 call',
      '1,000 calls',
      '2 misses',
    ]);
  });

  it('shortens a secret so that nobody can use it', () => {
    expect(shorten('eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.secret.signature')).toBe('eyJhbG…ture');
    expect(shorten('short')).toBe('…');
  });

  it('shows users by id and wallets by a short address', () => {
    expect(subjectName({ kind: 'user', userId: 'alice' })).toBe('alice');
    expect(
      subjectName({ kind: 'wallet', wallet: '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed', blockchain: 'eth' }),
    ).toBe('0x5aAe…eAed on eth');
  });
});
