import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { Keypair, StrKey } from '@stellar/stellar-base';
import fc from 'fast-check';
import { amount } from '../../../../test/harness/amount.js';
import { stellar } from './stellar.js';

/** Signing takes the wallets' own libraries a while. */
const RUNS = amount('SIGNATURES', { quick: 10, full: 100 });

const seeds = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes));

describe('Stellar', () => {
  const keys = Keypair.random();
  const sign = (message: string): string => keys.sign(Buffer.from(message)).toString('base64');

  it('accepts a signature by the Stellar SDK with any key over any message', () => {
    fc.assert(
      fc.property(seeds, fc.string({ unit: 'binary' }), (seed, message) => {
        const signer = Keypair.fromRawEd25519Seed(seed);
        const signature = signer.sign(Buffer.from(message)).toString('base64');
        expect(stellar.isSignedBy(signer.publicKey(), message, signature)).toBe(true);
        expect(stellar.isSignedBy(signer.publicKey(), `${message}.`, signature)).toBe(false);
        expect(stellar.isSignedBy(keys.publicKey(), message, signature)).toBe(false);
      }),
      { numRuns: RUNS },
    );
  });

  /** The test cases that SEP-53 publishes. */
  it.each([
    ['Hello, World!', 'fO5dbYhXUhBMhe6kId/cuVq/AfEnHRHEvsP8vXh03M1uLpi5e46yO2Q8rEBzu3feXQewcQE5GArp88u6ePK6BA=='],
    ['こんにちは、世界！', 'CDU265Xs8y3OWbB/56H9jPgUss5G9A0qFuTqH2zs2YDgTm+++dIfmAEceFqB7bhfN3am59lCtDXrCtwH2k1GBA=='],
  ])('accepts the signature that SEP-53 publishes for %j', (message, signature) => {
    const address = 'GBXFXNDLV4LSWA4VB7YIL5GBD7BVNR22SGBTDKMO2SBZZHDXSKZYCP7L';
    expect(stellar.isSignedBy(address, message, signature)).toBe(true);
    expect(stellar.isSignedBy(address, `${message}.`, signature)).toBe(false);
    expect(stellar.isSignedBy(keys.publicKey(), message, signature)).toBe(false);
  });

  it('accepts a SEP-53 signature with any key over any message, and rejects one over another hash', () => {
    fc.assert(
      fc.property(seeds, fc.string({ unit: 'binary' }), (seed, message) => {
        const signer = Keypair.fromRawEd25519Seed(seed);
        const signed = (text: string): string =>
          signer.sign(createHash('sha256').update(text).digest()).toString('base64');
        const isSigned = (signature: string): boolean => stellar.isSignedBy(signer.publicKey(), message, signature);
        expect(isSigned(signed(`Stellar Signed Message:\n${message}`))).toBe(true);
        expect(isSigned(signed(message))).toBe(false);
      }),
      { numRuns: RUNS },
    );
  });

  it('agrees with the Stellar SDK about strkeys with one changed letter', () => {
    const changed = fc.tuple(seeds, fc.nat(55), fc.constantFrom(...'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567019-'));
    fc.assert(
      fc.property(changed, ([seed, index, letter]) => {
        const address = StrKey.encodeEd25519PublicKey(seed);
        const other = address.slice(0, index) + letter + address.slice(index + 1);
        expect(stellar.isWallet(address)).toBe(true);
        expect(stellar.isWallet(other)).toBe(StrKey.isValidEd25519PublicKey(other));
      }),
      { numRuns: 200 },
    );
  });

  it.each([
    ['a secret seed', keys.secret()],
    ['a contract', StrKey.encodeContract(Buffer.alloc(32))],
    ['a muxed account', StrKey.encodeMed25519PublicKey(Buffer.alloc(40))],
    ['small letters', keys.publicKey().toLowerCase()],
    ['nothing', ''],
  ])('rejects an address: %s', (_, text) => {
    expect(stellar.isWallet(text)).toBe(false);
  });

  it.each([
    ['hexadecimal', keys.sign(Buffer.from('hello')).toString('hex')],
    ['base64 without padding', sign('hello').replace(/=+$/, '')],
    ['88 letters that are no base64', '!'.repeat(88)],
    ['66 bytes', Buffer.alloc(66).toString('base64')],
    ['nothing', ''],
  ])('rejects a signature that is %s', (_, signature) => {
    expect(stellar.isSignedBy(keys.publicKey(), 'hello', signature)).toBe(false);
  });
});
