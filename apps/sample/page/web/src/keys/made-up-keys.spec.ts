import { describe, expect, it } from '@jest/globals';
import { decodeJson } from './base64url.js';
import { timesOf } from './key-times.js';
import { forge, makeUpKey } from './made-up-keys.js';

const CLAIMS = { merchantId: 'demo-merchant', userId: 'mallory', issuedAt: 1_700_000_000 };
/** What the module takes for a JWT of Coinflow’s. */
const FORM = /^[\w-]+\.[\w-]+\.[\w-]{43}$/;

describe('made-up keys', () => {
  it('have the form of a session key, and say what they are told to', () => {
    const key = makeUpKey(CLAIMS);
    expect(key).toMatch(FORM);
    expect(decodeJson(key.split('.')[1] ?? '')).toEqual({
      customerId: 'mallory',
      merchantId: 'demo-merchant',
      iat: 1_700_000_000,
      exp: 1_700_086_400,
    });
  });

  it('are never the same', () => {
    expect(makeUpKey(CLAIMS)).not.toBe(makeUpKey(CLAIMS));
  });

  it('a forged key differs from the real one in its signature alone', () => {
    const key = makeUpKey(CLAIMS);
    const forged = forge(key);
    expect(forged).toMatch(FORM);
    expect(forged).not.toBe(key);
    expect(forged.slice(0, -43)).toBe(key.slice(0, -43));
  });
});

describe('the times of a key', () => {
  it('are what it says', () => {
    expect(timesOf(makeUpKey(CLAIMS))).toEqual({ issuedAtMs: 1_700_000_000_000, expiresAtMs: 1_700_086_400_000 });
  });

  it.each(['', 'opaque', 'a.%%%.c', 'a.bnVsbA.c'])('are unknown of %j', (key) => {
    expect(timesOf(key)).toEqual({ issuedAtMs: undefined, expiresAtMs: undefined });
  });
});
