import { describe, expect, it } from '@jest/globals';
import { sessionKeyFromHeader } from './session-key-header.js';

const extract = (value: string | string[] | undefined): string | undefined =>
  sessionKeyFromHeader({ headers: { 'x-coinflow-auth-session-key': value } });

describe('sessionKeyFromHeader', () => {
  it.each<[string | string[] | undefined, string | undefined]>([
    [undefined, undefined],
    ['', undefined],
    ['key', 'key'],
    ['key, key', 'key'],
    [['key', 'key'], 'key'],
    [['key'], 'key'],
  ])('%j -> %j', (value, key) => {
    expect(extract(value)).toBe(key);
  });

  it.each<string | string[]>(['a, b', 'a,b', 'a,', ',', ['a', 'b'], ['a', '']].map((value) => value))(
    '%j is refused',
    (value) => {
      expect(() => extract(value)).toThrow(
        expect.objectContaining({ code: 'COINFLOW_SESSION_KEY_MALFORMED', reason: 'two-keys' }),
      );
    },
  );
});
