import { describe, expect, it } from '@jest/globals';
import { containsCardNumber } from './card-numbers.js';
import { DEMO_CARDS } from './operations/demo-cards.js';

describe('containsCardNumber', () => {
  it.each([
    '4242424242424242',
    '4242 4242 4242 4242',
    '5204-2477-5000-1471',
    '378282246310005',
    'my card is 4000020000000000.',
    '4222222222222',
  ])('recognises %j', (text) => {
    expect(containsCardNumber(text)).toBe(true);
  });

  it.each([
    ...DEMO_CARDS.map(({ token }) => token),
    '4242424242424241',
    '424242',
    '1764242424242',
    '0191e0b0-7d5a-4f5e-9c0c-4242424242ab',
    '42424242424242424242424242424242',
  ])('does not take %j for one', (text) => {
    expect(containsCardNumber(text)).toBe(false);
  });
});
