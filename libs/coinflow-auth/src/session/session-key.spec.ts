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
    [`e30.e30.${SIGNATURE.slice(1)}B`, 'bad-jwt'],
    [`e31.e30.${SIGNATURE}`, 'bad-jwt'],
    [`e30.e31.${SIGNATURE}`, 'bad-jwt'],
    [`e30.ex.${SIGNATURE}`, 'bad-jwt'],
    [`e30.e30AA.${SIGNATURE}`, 'bad-jwt'],
    [`e30.e30.${SIGNATURE}~${SIGNATURE.slice(1)}B`, 'bad-characters'],
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

  it('accepts one spelling of each key and each tag: that of an encoder', () => {
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 40 });
    const hmac = fc.uint8Array({ minLength: 32, maxLength: 32 });
    fc.assert(
      fc.property(bytes, bytes, hmac, hmac, (...parts) => {
        const texts = parts.map((part) => Buffer.from(part).toString('base64url'));
        const write = ([header, payload, signature, tag]: string[]): string =>
          writePresented(`${header}.${payload}.${signature}`, String(tag));
        expect(() => assertSessionKeyShape(readPresented(write(texts)))).not.toThrow();
        for (const [index, text] of texts.entries()) {
          for (const other of otherSpellings(text)) {
            expect(() => assertSessionKeyShape(readPresented(write(texts.with(index, other))))).toThrow('session key');
          }
        }
      }),
      { numRuns: 300 },
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
    const tag = 'g'.repeat(43);
    expect(readPresented(writePresented(key, tag))).toEqual({ key, tag });
    expect(readPresented(key)).toEqual({ key, tag: undefined });
    expect(readPresented('')).toEqual({ key: '', tag: undefined });
  });
});

/** What a decoder takes for the same bytes. */
function otherSpellings(text: string): string[] {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return [...alphabet]
    .map((last) => text.slice(0, -1) + last)
    .filter((other) => other !== text && Buffer.from(other, 'base64url').equals(Buffer.from(text, 'base64url')));
}
