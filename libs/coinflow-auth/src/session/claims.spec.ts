import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { NO_CLAIMS, readClaims, type SessionClaims } from './claims.js';

const jwt = (payload: string): string => `e30.${Buffer.from(payload).toString('base64url')}.${'A'.repeat(43)}`;
const INVALID = expect.objectContaining({ code: 'COINFLOW_SESSION_KEY_MALFORMED', reason: 'malformed-claim' });
const keyOf = (claims: unknown): string => jwt(JSON.stringify(claims));

/** Nothing but the error of a malformed key may be thrown. */
function readOrReject(payload: string): SessionClaims | undefined {
  try {
    return readClaims(jwt(payload));
  } catch (error) {
    expect(error).toMatchObject({ code: 'COINFLOW_SESSION_KEY_MALFORMED' });
    return undefined;
  }
}

describe('readClaims', () => {
  it('reads the user key of the Coinflow documentation', () => {
    expect(
      readClaims(keyOf({ customerId: 'chipnwin_user_1', merchantId: 'testtest', iat: 1731967105, exp: 1732053505 })),
    ).toEqual({
      subject: { kind: 'user', userId: 'chipnwin_user_1' },
      merchantId: 'testtest',
      issuedAt: 1731967105,
      expiresAt: 1732053505,
    });
  });

  it('reads the key of a wallet', () => {
    const wallet = 'CVrsREanmfBAeZH14PXrBzw4wF8Eh12PJDHYq2feoxUq';
    expect(readClaims(keyOf({ wallet, blockchain: 'solana', iat: 1715218146, exp: 1715304546 }))).toEqual({
      subject: { kind: 'wallet', wallet, blockchain: 'solana' },
      merchantId: undefined,
      issuedAt: 1715218146,
      expiresAt: 1715304546,
    });
  });

  it('reads a wallet on an unknown blockchain', () => {
    expect(readClaims(keyOf({ wallet: 'w', blockchain: 'sui' })).subject).toMatchObject({ blockchain: 'sui' });
  });

  it('reads no claims from an opaque key', () => {
    expect(readClaims('a1b2c3d4e5f67890abcdef1234567890')).toBe(NO_CLAIMS);
  });

  it.each([
    ['a user and a wallet', { customerId: 'a', wallet: 'w', blockchain: 'eth' }],
    ['a wallet without its chain', { wallet: 'w' }],
    ['a chain without a wallet', { blockchain: 'eth' }],
    ['a wallet on the chain "user"', { wallet: 'w', blockchain: 'user' }],
    ['no claim', {}],
  ])('reads no subject from a key with %s', (_, claims) => {
    expect(readClaims(keyOf(claims)).subject).toBeNull();
  });

  it('reads a user whose blockchain is "user"', () => {
    expect(readClaims(keyOf({ customerId: 'a', blockchain: 'user' })).subject).toEqual({ kind: 'user', userId: 'a' });
  });

  describe.each(['merchantId', 'customerId', 'wallet', 'blockchain'])('the claim %s', (name) => {
    it.each(['', 'a'.repeat(257), 5, true, false, {}, ['a']])(`rejects a key whose ${name} is %j`, (value) => {
      expect(() => readClaims(keyOf({ [name]: value }))).toThrow(INVALID);
    });

    it(`reads ${name}: null as an absent claim`, () => {
      expect(readClaims(keyOf({ [name]: null }))).toEqual(NO_CLAIMS);
    });
  });

  describe.each(['iat', 'exp'])('the claim %s', (name) => {
    it.each([0, -1, 1.5, '1732053505', '', true, {}, 1e300, 1_732_053_505_000, [1_732_053_505]])(
      `rejects a key whose ${name} is %j`,
      (value) => {
        expect(() => readClaims(keyOf({ [name]: value }))).toThrow(INVALID);
      },
    );

    it(`reads ${name}: null as an absent claim`, () => {
      expect(readClaims(keyOf({ [name]: null }))).toEqual(NO_CLAIMS);
    });
  });

  it.each(['', 'null', '5', '"text"', '[]', '{"a":', '\u0000'])('rejects a key with the payload %j', (payload) => {
    expect(() => readClaims(jwt(payload))).toThrow(expect.objectContaining({ reason: 'malformed-payload' }));
  });

  it('reads no claims from prototypes', () => {
    expect(readClaims(jwt('{"__proto__":{"customerId":"admin","merchantId":"ours","exp":1732053505}}'))).toEqual(
      NO_CLAIMS,
    );
  });

  it('returns valid values or rejects the key for any claims', () => {
    const names = ['customerId', 'wallet', 'blockchain', 'merchantId', 'iat', 'exp'];
    const anyClaims = fc.dictionary(fc.constantFrom(...names), fc.oneof(fc.jsonValue(), fc.integer(), fc.string()));
    const payloads = fc.oneof(
      anyClaims.map((claims) => JSON.stringify(claims)),
      fc.json(),
      fc.string(),
    );
    fc.assert(
      fc.property(payloads, (payload) => {
        const claims = readOrReject(payload);
        if (!claims) return;
        expect(claims.merchantId).not.toBe('');
        for (const seconds of [claims.issuedAt, claims.expiresAt]) {
          expect(seconds === null || !Number.isNaN(new Date(seconds * 1_000).getTime())).toBe(true);
        }
        if (claims.subject?.kind === 'user') expect(claims.subject.userId).not.toBe('');
      }),
      { numRuns: 2_000 },
    );
  });

  it('returns frozen claims with a frozen subject', () => {
    const claims = readClaims(keyOf({ customerId: 'a' }));
    expect(Object.isFrozen(claims) && Object.isFrozen(claims.subject)).toBe(true);
  });
});
