import { describe, expect, it } from '@jest/globals';
import { safeText } from './redact.js';

describe('safeText', () => {
  it.each([
    ['plain', 'plain'],
    ['the key s3cret, again s3cret', 'the key [redacted], again [redacted]'],
    ['token eyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ.abc_-9 bad', 'token [redacted] bad'],
    ['a\r\n[Nest] forged\u001b[31m line\u2028next\u202eevil', 'a [Nest] forged [31m line next evil'],
    ['x'.repeat(200), 'x'.repeat(128)],
    [`${'x'.repeat(126)}s3cret`, `${'x'.repeat(126)}[r`],
  ])('%j -> %j', (text, safe) => {
    expect(safeText(text, ['s3cret'])).toBe(safe);
  });
});
