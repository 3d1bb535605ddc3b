import { describe, expect, it } from '@jest/globals';
import { safeEqual } from './safe-equal.js';

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
