import { describe, expect, it } from '@jest/globals';
import { isHeaderValue } from './header-value.js';

describe('isHeaderValue', () => {
  it.each(['a', 'alice', 'user 1', 'a@example.com', '~!', 'x'.repeat(256)])(
    'accepts %p as the value of a header',
    (value) => {
      expect(isHeaderValue(value)).toBe(true);
    },
  );

  it.each([
    '',
    ' ',
    ' a',
    'a ',
    'a\n',
    'a\r\nb: c',
    'a\tb',
    'é',
    'a\u0000',
    'x'.repeat(257),
    undefined,
    null,
    5,
    ['a'],
  ])('rejects %p as the value of a header', (value) => {
    expect(isHeaderValue(value)).toBe(false);
  });
});
