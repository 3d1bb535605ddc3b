import { describe, expect, it } from '@jest/globals';
import { requireOperation } from './operation-names.js';

describe('requireOperation', () => {
  it('returns a valid name', () => {
    expect(requireOperation('GET /withdraw')).toBe('GET /withdraw');
    expect(requireOperation('verify', ['message', 'verify'])).toBe('verify');
  });

  it.each([
    ['POST /api/checkout/card/demo-merchant', 'Did you mean "POST /checkout/card/{merchantId}"?'],
    ['post /checkout/card/demo-merchant', 'Did you mean "POST /checkout/card/{merchantId}"?'],
    ['POST /checkout/crad/{merchantId}', 'Did you mean "POST /checkout/card/{merchantId}" or '],
    ['POST /checkout/card/{merchant}', 'Did you mean "POST /checkout/card/{merchantId}"'],
    ['GET /witdraw', 'Did you mean "GET /withdraw"'],
    ['toString', '"toString" is not an operation of Coinflow'],
    ['', 'Pass the method and the template of the path below /api'],
  ])('names the closest operations of %j', (name, message) => {
    expect(() => requireOperation(name)).toThrow(RangeError);
    expect(() => requireOperation(name)).toThrow(message);
  });
});
