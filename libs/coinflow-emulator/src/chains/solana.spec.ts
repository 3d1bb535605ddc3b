import { describe, expect, it } from '@jest/globals';
import { base58 } from '@scure/base';
import fc from 'fast-check';
import nacl from 'tweetnacl';
import { amount } from '../../../../test/harness/amount.js';
import { solana } from './solana.js';

/** Signing takes the wallets' own libraries a while. */
const RUNS = amount('SIGNATURES', { quick: 10, full: 100 });

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const utf8 = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text));

describe('Solana', () => {
  const keys = nacl.sign.keyPair();
  const address = base58.encode(keys.publicKey);
  const sign = (message: string): string => base58.encode(nacl.sign.detached(utf8(message), keys.secretKey));

  it('accepts a signature by tweetnacl with any key over any message', () => {
    fc.assert(
      fc.property(bytes(32), fc.string({ unit: 'binary' }), (seed, message) => {
        const { publicKey, secretKey } = nacl.sign.keyPair.fromSeed(seed);
        const signature = base58.encode(nacl.sign.detached(utf8(message), secretKey));
        expect(solana.isSignedBy(base58.encode(publicKey), message, signature)).toBe(true);
        expect(solana.isSignedBy(base58.encode(publicKey), `${message}.`, signature)).toBe(false);
        expect(solana.isSignedBy(address, message, signature)).toBe(false);
      }),
      { numRuns: RUNS },
    );
  });

  it('rejects a signature with any changed bit', () => {
    const good = base58.decode(sign('hello'));
    fc.assert(
      fc.property(fc.nat(511), (bit) => {
        const signature = Uint8Array.from(good);
        signature[bit >> 3] = (signature[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect(solana.isSignedBy(address, 'hello', base58.encode(signature))).toBe(false);
      }),
      { numRuns: 40 },
    );
  });

  it.each([
    ['the address of a mint that the docs print', 'CVrsREanmfBAeZH14PXrBzw4wF8Eh12PJDHYq2feoxUq', true],
    ['32 zero bytes, the system program', '11111111111111111111111111111111', true],
    ['31 bytes', base58.encode(new Uint8Array(31)), false],
    ['33 bytes', base58.encode(new Uint8Array(33)), false],
    ['letters that base58 leaves out', '0OIl'.repeat(8), false],
    ['an EVM address', '0x52908400098527886E0F7030069857D2E4169EE7', false],
    ['a very long text', '1'.repeat(100_000), false],
  ])('validates an address: %s', (_, text, is) => {
    expect(solana.isWallet(text)).toBe(is);
  });

  it.each([
    ['no base58', 'no-base58!'],
    ['63 bytes', base58.encode(base58.decode(sign('hello')).subarray(1))],
    ['base64', Buffer.from(base58.decode(sign('hello'))).toString('base64')],
    ['nothing', ''],
    ['a very long text', '1'.repeat(100_000)],
  ])('rejects a signature that is %s', (_, signature) => {
    expect(solana.isSignedBy(address, 'hello', signature)).toBe(false);
  });

  it('rejects every signature for an address that is not a point of the curve', () => {
    const offCurve = base58.encode(new Uint8Array(32).fill(0xff));
    expect(solana.isSignedBy(offCurve, 'hello', sign('hello'))).toBe(false);
  });

  it('rejects the universal signature of a key of small order', () => {
    const neutral = new Uint8Array(32);
    neutral[0] = 1;
    const signature = new Uint8Array(64);
    signature[0] = 1;
    expect(solana.isSignedBy(base58.encode(neutral), 'hello', base58.encode(signature))).toBe(false);
  });
});
