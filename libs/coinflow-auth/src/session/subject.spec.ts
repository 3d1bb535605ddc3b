import { describe, expect, it } from '@jest/globals';
import { isSameSubject, type CoinflowSubject } from './subject.js';

const SUBJECTS: CoinflowSubject[] = [
  { kind: 'user', userId: 'a' },
  { kind: 'user', userId: 'b' },
  { kind: 'wallet', wallet: 'a', blockchain: 'eth' },
  { kind: 'wallet', wallet: 'a', blockchain: 'base' },
  { kind: 'wallet', wallet: 'b', blockchain: 'eth' },
  // Their names would be equal without a delimiter.
  { kind: 'user', userId: '3 eth a' },
  { kind: 'wallet', wallet: 'eth a', blockchain: '3' },
  { kind: 'wallet', wallet: 'b c', blockchain: 'a' },
  { kind: 'wallet', wallet: 'c', blockchain: 'a b' },
];

describe('isSameSubject', () => {
  it('finds each subject equal to itself and to no other', () => {
    for (const a of SUBJECTS) for (const b of SUBJECTS) expect(isSameSubject(a, { ...b })).toBe(a === b);
  });
});
