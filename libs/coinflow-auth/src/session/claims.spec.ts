import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { NO_CLAIMS, readClaims } from './claims.js';

const jwt = (payload: string): string => `e30.${Buffer.from(payload).toString('base64url')}.${'A'.repeat(43)}`;
const keyOf = (claims: unknown): string => jwt(JSON.stringify(claims));

describe('readClaims', () => {
  it('reads the user’s key of Coinflow’s documentation', () => {
    expect(
      readClaims(keyOf({ customerId: 'chipnwin_user_1', merchantId: 'testtest', iat: 1731967105, exp: 1732053505 })),
    ).toEqual({
      subject: { kind: 'user', userId: 'chipnwin_user_1' },
      merchantId: 'testtest',
      issuedAt: 1731967105,
      expiresAt: 1732053505,
    });
  });

  it('reads a wallet’s key', () => {
    const wallet = 'CVrsREanmfBAeZH14PXrBzw4wF8Eh12PJDHYq2feoxUq';
    expect(readClaims(keyOf({ wallet, blockchain: 'solana', iat: 1715218146, exp: 1715304546 }))).toEqual({
      subject: { kind: 'wallet', wallet, blockchain: 'solana' },
      merchantId: undefined,
      issuedAt: 1715218146,
      expiresAt: 1715304546,
    });
  });

  it('a chain of tomorrow is a chain', () => {
    expect(readClaims(keyOf({ wallet: 'w', blockchain: 'sui' }))?.subject).toMatchObject({ blockchain: 'sui' });
  });

  it('an opaque key says nothing', () => {
    expect(readClaims('a1b2c3d4e5f67890abcdef1234567890')).toBe(NO_CLAIMS);
  });

  it.each([
    ['a user and a wallet', { customerId: 'a', wallet: 'w', blockchain: 'eth' }],
    ['a wallet without its chain', { wallet: 'w' }],
    ['a chain without a wallet', { blockchain: 'eth' }],
    ['a wallet on the chain “user”', { wallet: 'w', blockchain: 'user' }],
    ['an empty user', { customerId: '' }],
    ['a user that is a number', { customerId: 5 }],
    ['a user of 257 characters', { customerId: 'a'.repeat(257) }],
    ['nobody', {}],
  ])('%s is nobody in particular', (_, claims) => {
    expect(readClaims(keyOf(claims))?.subject).toBeNull();
  });

  it('a user on the chain “user” is a user', () => {
    expect(readClaims(keyOf({ customerId: 'a', blockchain: 'user' }))?.subject).toEqual({ kind: 'user', userId: 'a' });
  });

  it.each([0, -1, 1.5, '1732053505', null, true, 1e300, 1_732_053_505_000, [1_732_053_505]])(
    'exp: %j is no time',
    (exp) => {
      expect(readClaims(keyOf({ exp }))?.expiresAt).toBeNull();
    },
  );

  it.each(['', 'null', '5', '"text"', '[]', '{"a":', '\u0000'])('a payload of %j is unreadable', (payload) => {
    expect(readClaims(jwt(payload))).toBeUndefined();
  });

  it('finds nothing on prototypes', () => {
    expect(readClaims(jwt('{"__proto__":{"customerId":"admin","merchantId":"ours","exp":1732053505}}'))).toEqual(
      NO_CLAIMS,
    );
  });

  it('whatever the claims: never a throw, and only sensible values', () => {
    const names = ['customerId', 'wallet', 'blockchain', 'merchantId', 'iat', 'exp'];
    const anyClaims = fc.dictionary(fc.constantFrom(...names), fc.oneof(fc.jsonValue(), fc.integer(), fc.string()));
    fc.assert(
      fc.property(
        fc.oneof(
          anyClaims.map((claims) => JSON.stringify(claims)),
          fc.json(),
          fc.string(),
        ),
        (payload) => {
          const claims = readClaims(jwt(payload));
          if (!claims) return;
          expect(claims.merchantId === undefined || claims.merchantId.length > 0).toBe(true);
          for (const seconds of [claims.issuedAt, claims.expiresAt]) {
            expect(seconds === null || !Number.isNaN(new Date(seconds * 1_000).getTime())).toBe(true);
          }
          if (claims.subject?.kind === 'user') expect(claims.subject.userId).not.toBe('');
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('is frozen, the subject too', () => {
    const claims = readClaims(keyOf({ customerId: 'a' }));
    expect(Object.isFrozen(claims) && Object.isFrozen(claims?.subject)).toBe(true);
  });
});
