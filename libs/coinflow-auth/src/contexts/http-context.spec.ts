import { describe, expect, it } from '@jest/globals';
import { SessionKeyExtractors } from '../extraction/built-in-extractors.js';
import { appendVary, varyOf } from './http-context.js';

const { firstOf, fromBearer, fromCookie, fromHeader } = SessionKeyExtractors;
const unnamed = { schemes: [], find: () => [] };

describe('varyOf', () => {
  it.each([
    ['x-coinflow-auth-session-key', fromHeader()],
    ['X-Session', fromHeader('X-Session')],
    ['Authorization', fromBearer()],
    ['Cookie', fromCookie('session')],
    ['X-A, Cookie, Authorization', firstOf(fromHeader('X-A'), fromCookie('a'), fromBearer(), fromCookie('b'))],
    ['X-Own', { ...unnamed, headers: ['X-Own'] }],
    ['*', unnamed],
    ['Cookie, *', firstOf(fromCookie('session'), unnamed)],
  ])('returns %s for the headers that the extractor reads', (vary, extractor) => {
    expect(varyOf(extractor)).toBe(vary);
  });
});

describe('appendVary', () => {
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
  ])('adds to the header Vary: %j and %s make %j', (existing, added, expected) => {
    let vary = existing;
    const response = {
      getHeader: (name: string): string | string[] | undefined => (name === 'vary' ? vary : undefined),
      header: (name: string, value: string): void => void (vary = name === 'vary' ? value : undefined),
    };
    appendVary(response, added);
    expect(vary).toEqual(expected);
    appendVary(response, added);
    expect(vary).toEqual(expected);
  });
});
