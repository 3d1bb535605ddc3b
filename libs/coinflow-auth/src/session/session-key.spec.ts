import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { assertSessionKeyShape, readPresented, writePresented } from './session-key.js';

const SIGNATURE = 'A'.repeat(43);

describe('the form of a session key', () => {
  it.each([
    'a1b2c3d4e5f67890abcdef1234567890',
    'x',
    'a+b/c=',
    `e30.e30.${SIGNATURE}`,
    `${'a'.repeat(4_052)}.${SIGNATURE}`,
    'a.b',
    'a.b.c.d',
    `e30.e30.${SIGNATURE}~${SIGNATURE}`,
    `x~${SIGNATURE}`,
    `${'a'.repeat(4_096)}~${SIGNATURE}`,
  ])('%p has it', (key) => {
    expect(() => assertSessionKeyShape(readPresented(key))).not.toThrow();
  });

  it.each([
    ['', 'bad-characters'],
    ['a b', 'bad-characters'],
    ['a,b', 'bad-characters'],
    ['a~b', 'bad-characters'],
    ['käse', 'bad-characters'],
    ['a\u0000', 'bad-characters'],
    ['a'.repeat(4_097), 'too-long'],
    ['a.b.', 'bad-jwt'],
    ['a.b.c', 'bad-jwt'],
    [`.e30.${SIGNATURE}`, 'bad-jwt'],
    [`e30..${SIGNATURE}`, 'bad-jwt'],
    [`e30.e3=.${SIGNATURE}`, 'bad-jwt'],
    [`e30.e30.${SIGNATURE}A`, 'bad-jwt'],
    [`e30.e30.${SIGNATURE}\n`, 'bad-jwt'],
    [`e30.e30.${SIGNATURE}~${SIGNATURE.slice(1)}`, 'bad-jwt'],
    [`e30.e30.${SIGNATURE}~${SIGNATURE}A`, 'bad-jwt'],
    [`e30.e30.${SIGNATURE}~~${SIGNATURE}`, 'bad-jwt'],
    [`e30.e30.${SIGNATURE}~${SIGNATURE}~${SIGNATURE}`, 'bad-jwt'],
    [`e30.e30.${SIGNATURE}~${SIGNATURE.slice(1)}=`, 'bad-characters'],
    [`~${SIGNATURE}`, 'bad-characters'],
    [`${'a'.repeat(4_097)}~${SIGNATURE}`, 'too-long'],
  ])('%p has not: %s', (key, reason) => {
    expect(() => assertSessionKeyShape(readPresented(key))).toThrow(
      expect.objectContaining({ code: 'COINFLOW_SESSION_KEY_MALFORMED', reason }),
    );
  });

  it('nothing that could split a header or a log line has it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (key) => {
        try {
          assertSessionKeyShape(readPresented(key));
        } catch {
          return;
        }
        expect(key).toMatch(/^[\x21-\x7e]{1,4096}$/);
        expect(key).not.toMatch(/,|~(?![\w-]{43}$)/);
      }),
      { numRuns: 2_000 },
    );
  });

  it('what is put together is taken apart again', () => {
    const key = `e30.e30.${SIGNATURE}`;
    const tag = 'B'.repeat(43);
    expect(readPresented(writePresented(key, tag))).toEqual({ key, tag });
    expect(readPresented(key)).toEqual({ key, tag: undefined });
    expect(readPresented('')).toEqual({ key: '', tag: undefined });
  });
});
