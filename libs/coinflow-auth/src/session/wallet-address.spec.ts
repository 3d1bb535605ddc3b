import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { base58 } from '@scure/base';
import { Keypair, StrKey } from '@stellar/stellar-base';
import fc from 'fast-check';
import { getAddress, isAddress } from 'viem';
import { canonicalWallet, walletAddressProblem } from './wallet-address.js';

const bytes = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length });
const EVM = '0x52908400098527886E0F7030069857D2E4169EE7';
const MIXED = '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed';
const SOLANA = 'CVrsREanmfBAeZH14PXrBzw4wF8Eh12PJDHYq2feoxUq';
const STELLAR = 'GA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJVSGZ';

describe('walletAddressProblem', () => {
  it.each([
    [SOLANA, 'solana'],
    ['11111111111111111111111111111111', 'solana'],
    [EVM, 'eth'],
    [MIXED, 'polygon'],
    [MIXED.toLowerCase(), 'base'],
    [`0x${MIXED.slice(2).toUpperCase()}`, 'arbitrum'],
    [MIXED, 'monad'],
    [MIXED, 'tempo'],
    [STELLAR, 'stellar'],
  ] as const)('accepts the address %s on %s', (wallet, blockchain) => {
    expect(walletAddressProblem(wallet, blockchain)).toBeUndefined();
  });

  it.each([
    ['', 'solana', /base58/],
    [SOLANA.slice(4), 'solana', /base58/],
    [`${SOLANA}1`, 'solana', /base58/],
    [SOLANA.replace('C', '0'), 'solana', /base58/],
    ['1'.repeat(33), 'solana', /base58/],
    ['z'.repeat(4_000), 'solana', /base58/],
    [EVM, 'solana', /base58/],
    [MIXED.replace('0x', '0X'), 'eth', /0x and 40/],
    [MIXED.slice(0, -1), 'eth', /0x and 40/],
    [`${MIXED}0`, 'eth', /0x and 40/],
    [MIXED.replace('5', 'g'), 'eth', /0x and 40/],
    [`${MIXED}\n`, 'eth', /0x and 40/],
    [MIXED.replace('aAeb', 'AAeb'), 'eth', /EIP-55/],
    [STELLAR, 'eth', /0x and 40/],
    [STELLAR.replace('A7', 'A6'), 'stellar', /Stellar/],
    [STELLAR.toLowerCase(), 'stellar', /Stellar/],
    [STELLAR.slice(1), 'stellar', /Stellar/],
    [StrKey.encodeEd25519SecretSeed(Buffer.alloc(32)), 'stellar', /Stellar/],
    [StrKey.encodePreAuthTx(Buffer.alloc(32)), 'stellar', /Stellar/],
  ] as const)('rejects the address %j on %s', (wallet, blockchain, problem) => {
    expect(walletAddressProblem(wallet, blockchain)).toMatch(problem);
  });

  it('agrees with viem about EIP-55 checksums', () => {
    fc.assert(
      fc.property(bytes(20), fc.nat(39), (address, position) => {
        const wallet = getAddress(`0x${Buffer.from(address).toString('hex')}`);
        expect(walletAddressProblem(wallet, 'eth')).toBeUndefined();
        const i = 2 + position;
        const flipped =
          wallet.charAt(i) === wallet.charAt(i).toLowerCase()
            ? wallet.charAt(i).toUpperCase()
            : wallet.charAt(i).toLowerCase();
        const changed = wallet.slice(0, i) + flipped + wallet.slice(i + 1);
        const caseless = new Set([changed.slice(2).toLowerCase(), changed.slice(2).toUpperCase()]).has(
          changed.slice(2),
        );
        expect(walletAddressProblem(changed, 'eth') === undefined).toBe(
          isAddress(changed, { strict: true }) || caseless,
        );
      }),
      { numRuns: 500 },
    );
  });

  it('agrees with the Stellar SDK about keys and about changed characters', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
    fc.assert(
      fc.property(bytes(32), fc.nat(55), fc.nat(31), (key, position, letter) => {
        const wallet = StrKey.encodeEd25519PublicKey(Buffer.from(key));
        expect(walletAddressProblem(wallet, 'stellar')).toBeUndefined();
        const changed = wallet.slice(0, position) + alphabet.charAt(letter) + wallet.slice(position + 1);
        expect(walletAddressProblem(changed, 'stellar') === undefined).toBe(StrKey.isValidEd25519PublicKey(changed));
      }),
      { numRuns: 500 },
    );
    expect(walletAddressProblem(Keypair.random().publicKey(), 'stellar')).toBeUndefined();
  });

  it('accepts only 32 bytes as a Solana address', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 0, maxLength: 64 }), (key) => {
        expect(walletAddressProblem(base58.encode(key), 'solana') === undefined).toBe(key.length === 32);
      }),
    );
    expect(walletAddressProblem(base58.encode(randomBytes(32)), 'solana')).toBeUndefined();
  });
});

describe('canonicalWallet', () => {
  it('ignores the case of letters on EVM chains, and keeps it on Solana and Stellar', () => {
    expect(canonicalWallet(MIXED)).toBe(canonicalWallet(MIXED.toLowerCase()));
    expect(canonicalWallet(MIXED)).not.toBe(canonicalWallet(EVM));
    expect(canonicalWallet(SOLANA)).toBe(SOLANA);
  });
});
