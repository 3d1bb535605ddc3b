import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { safeEqual, safeText } from './secrets.js';

const JWT = `eyJhbGciOiJIUzI1NiJ9.${'eyJhIjoxfQ'.repeat(50)}.${'c'.repeat(43)}`;

describe('safeText', () => {
  it.each([
    ['plain', 'plain'],
    ['the key s3cret, again s3cret', 'the key [redacted], again [redacted]'],
    ['token eyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ.abc_-9 bad', 'token [redacted] bad'],
    ['key=eyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ.abc_-9', 'key=[redacted]'],
    ['a.b.eyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ.abc_-9', 'a.b.[redacted]'],
    ['a\r\n[Nest] forged\u001b[31m line\u2028next\u202eevil', 'a [Nest] forged [31m line next evil'],
    ['x'.repeat(200), 'x'.repeat(128)],
    [`${'x'.repeat(126)}s3cret`, `${'x'.repeat(126)}[r`],
    [`say ${'x'.repeat(1_000_000)}`, `say ${'x'.repeat(124)}`],
  ])('makes %j safe to log as %j', (text, safe) => {
    expect(safeText(text, ['s3cret'])).toBe(safe);
  });

  it('removes every part of a secret, wherever a long string is cut', () => {
    const secret = 'SECRET-OF-THE-MERCHANT-WITH-40-CHARACTERS';
    const filler = fc.constantFrom(' ', 'x', '.', '\u202e', '\n', secret, JWT, `${secret} `);
    fc.assert(
      fc.property(
        fc.array(filler, { minLength: 1, maxLength: 6 }),
        fc.nat(600),
        fc.nat(600),
        (pattern, shift, times) => {
          // A secret lies across the cut; each removal before it moves it towards the beginning.
          const text = `${' '.repeat(shift)}${pattern.join('').repeat(times)} ${secret.repeat(200)} ${`${JWT} `.repeat(40)}`;
          const safe = safeText(text, [secret]);
          expect(safe).not.toContain('SECRET');
          expect(safe).not.toContain('eyJ');
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('safeEqual', () => {
  it.each([
    ['', ''],
    ['secret', 'secret'],
    ['secret', Buffer.from('secret')],
    ['é', Buffer.from('é', 'utf8')],
  ])('accepts the equal values %p and %p', (a, b) => {
    expect(safeEqual(a, b)).toBe(true);
  });

  it.each([
    ['secret', ''],
    ['secret', 'secreT'],
    ['secret', 'secret '],
    [Buffer.from([1, 2]), Buffer.from([1, 2, 3])],
  ])('rejects the different values %p and %p', (a, b) => {
    expect(safeEqual(a, b)).toBe(false);
  });
});
