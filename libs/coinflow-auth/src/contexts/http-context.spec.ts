import { describe, expect, it } from '@jest/globals';
import { SessionKeyExtractors } from '../extraction/session-key-extractors.js';
import { appendVary, varyOf } from './http-context.js';

const { firstOf, fromBearer, fromCookie, fromHeader } = SessionKeyExtractors;
const silent = { schemes: [], find: () => [] };

describe('the headers that an extractor reads', () => {
  it.each([
    ['x-coinflow-auth-session-key', fromHeader()],
    ['X-Session', fromHeader('X-Session')],
    ['Authorization', fromBearer()],
    ['Cookie', fromCookie('session')],
    ['X-A, Cookie, Authorization', firstOf(fromHeader('X-A'), fromCookie('a'), fromBearer(), fromCookie('b'))],
    ['X-Own', { ...silent, headers: ['X-Own'] }],
    ['*', silent],
    ['Cookie, *', firstOf(fromCookie('session'), silent)],
  ])('are named in Vary as %s', (vary, extractor) => {
    expect(varyOf(extractor)).toBe(vary);
  });
});

describe('what the guard adds to Vary', () => {
  it.each<[existing: string | string[] | undefined, added: string, expected: string | string[]]>([
    [undefined, 'Cookie', 'Cookie'],
    ['', 'Cookie', 'Cookie'],
    ['Origin', 'Cookie', 'Origin, Cookie'],
    ['Origin,cookie', 'Cookie', 'Origin,cookie'],
    ['Origin, COOKIE', 'Authorization, Cookie', 'Origin, COOKIE, Authorization'],
    [['Origin', 'Accept-Encoding'], 'Cookie', 'Origin,Accept-Encoding, Cookie'],
    [['Origin', 'Cookie'], 'Cookie', ['Origin', 'Cookie']],
    ['X-Cookie', 'Cookie', 'X-Cookie, Cookie'],
    ['*', 'Cookie', '*'],
    ['Origin, *', 'Cookie', 'Origin, *'],
    ['Origin', '*', 'Origin, *'],
  ])('%j and %s make %j', (existing, added, expected) => {
    let vary = existing;
    const response = {
      getHeader: (name: string): string | string[] | undefined => (name === 'Vary' ? vary : undefined),
      header: (name: string, value: string): void => void (vary = name === 'Vary' ? value : undefined),
    };
    appendVary(response, added);
    expect(vary).toEqual(expected);
    appendVary(response, added);
    expect(vary).toEqual(expected);
  });
});
