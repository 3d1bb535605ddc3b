import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { assertSessionKeyShape, readPresented, writePresented } from './session-key.js';

const SIGNATURE = 'A'.repeat(43);

describe('assertSessionKeyShape', () => {
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
  ])('accepts the format of %p', (key) => {
    expect(() => assertSessionKeyShape(readPresented(key))).not.toThrow();
  });

  it.each([
    ['', 'invalid-characters'],
    ['a b', 'invalid-characters'],
    ['a,b', 'invalid-characters'],
    ['a~b', 'invalid-characters'],
    ['käse', 'invalid-characters'],
    ['a\u0000', 'invalid-characters'],
    ['a'.repeat(4_097), 'too-long'],
    ['a.b.', 'malformed-jwt'],
    ['a.b.c', 'malformed-jwt'],
    [`.e30.${SIGNATURE}`, 'malformed-jwt'],
    [`e30..${SIGNATURE}`, 'malformed-jwt'],
    [`e30.e3=.${SIGNATURE}`, 'malformed-jwt'],
    [`e30.e30.${SIGNATURE}A`, 'malformed-jwt'],
    [`e30.e30.${SIGNATURE.slice(1)}B`, 'malformed-jwt'],
    [`e31.e30.${SIGNATURE}`, 'malformed-jwt'],
    [`e30.e31.${SIGNATURE}`, 'malformed-jwt'],
    [`e30.ex.${SIGNATURE}`, 'malformed-jwt'],
    [`e30.e30AA.${SIGNATURE}`, 'malformed-jwt'],
    [`e30.e30.${SIGNATURE}~${SIGNATURE.slice(1)}B`, 'invalid-characters'],
    [`e30.e30.${SIGNATURE}\n`, 'malformed-jwt'],
    [`e30.e30.${SIGNATURE}~${SIGNATURE.slice(1)}`, 'malformed-jwt'],
    [`e30.e30.${SIGNATURE}~${SIGNATURE}A`, 'malformed-jwt'],
    [`e30.e30.${SIGNATURE}~~${SIGNATURE}`, 'malformed-jwt'],
    [`e30.e30.${SIGNATURE}~${SIGNATURE}~${SIGNATURE}`, 'malformed-jwt'],
    [`e30.e30.${SIGNATURE}~${SIGNATURE.slice(1)}=`, 'invalid-characters'],
    [`~${SIGNATURE}`, 'invalid-characters'],
    [`${'a'.repeat(4_097)}~${SIGNATURE}`, 'too-long'],
  ])('rejects the format of %p: %s', (key, reason) => {
    expect(() => assertSessionKeyShape(readPresented(key))).toThrow(
      expect.objectContaining({ code: 'COINFLOW_SESSION_KEY_MALFORMED', reason }),
    );
  });

  it('accepts only the canonical spelling of a key and of a tag', () => {
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

  it('rejects characters that could split a header or a log line', () => {
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

  it('separates the key and the tag that were joined', () => {
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
