import { describe, expect, it } from '@jest/globals';
import { createForgedKey, decodeClaims, timesOf, withForgedSignature } from './session-keys.js';

const CLAIMS = { merchantId: 'demo-merchant', userId: 'mallory', issuedAt: 1_700_000_000 };
/** The format that the module accepts for a JWT of Coinflow. */
const FORMAT = /^[\w-]+\.[\w-]+\.[\w-]{43}$/;

describe('createForgedKey', () => {
  it('creates a key in the format of a session key with the given claims', () => {
    const key = createForgedKey(CLAIMS);
    expect(key).toMatch(FORMAT);
    expect(decodeClaims(key)).toEqual({
      customerId: 'mallory',
      merchantId: 'demo-merchant',
      iat: 1_700_000_000,
      exp: 1_700_086_400,
    });
  });

  it('creates a different key each time', () => {
    expect(createForgedKey(CLAIMS)).not.toBe(createForgedKey(CLAIMS));
  });
});

describe('withForgedSignature', () => {
  it('replaces the signature of a key and nothing else', () => {
    const key = createForgedKey(CLAIMS);
    const forged = withForgedSignature(key);
    expect(forged).toMatch(FORMAT);
    expect(forged).not.toBe(key);
    expect(forged.slice(0, -43)).toBe(key.slice(0, -43));
  });
});

describe('timesOf', () => {
  it('reads the times from the claims of a key', () => {
    expect(timesOf(createForgedKey(CLAIMS))).toEqual({
      issuedAtMs: 1_700_000_000_000,
      expiresAtMs: 1_700_086_400_000,
    });
  });

  it.each(['', 'opaque', 'a.%%%.c', 'a.bnVsbA.c'])('returns no times for the opaque key %j', (key) => {
    expect(timesOf(key)).toEqual({ issuedAtMs: undefined, expiresAtMs: undefined });
  });
});
