import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { recoverMessageAddress, toHex, type Hex } from 'viem';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { amount } from '../../../../test/harness/amount.js';
import { evm } from './evm.js';

/** Signing takes the wallets' own libraries a while. */
const RUNS = amount('SIGNATURES', { quick: 10, full: 100 });

describe('the EVM chains', () => {
  const account = privateKeyToAccount(generatePrivateKey());
  const MESSAGE = 'hello';

  it('accepts a signature by viem with any key over any message', async () => {
    const privateKey = fc
      .uint8Array({ minLength: 32, maxLength: 32 })
      .filter((bytes) => bytes.some((byte) => byte !== 0) && bytes.some((byte) => byte !== 255));
    await fc.assert(
      fc.asyncProperty(privateKey, fc.string({ unit: 'binary' }), async (key, message) => {
        const signer = privateKeyToAccount(toHex(key));
        const signature = await signer.signMessage({ message });
        expect(evm.isSignedBy(signer.address, message, signature)).toBe(true);
        expect(evm.isSignedBy(signer.address.toLowerCase(), message, signature)).toBe(true);
        expect(evm.isSignedBy(signer.address, `${message}.`, signature)).toBe(false);
        expect(evm.isSignedBy(account.address, message, signature)).toBe(false);
      }),
      { numRuns: RUNS },
    );
  });

  it('recovers the same signer as viem from any 65 bytes', async () => {
    const signatures = fc
      .tuple(fc.uint8Array({ minLength: 64, maxLength: 64 }), fc.constantFrom(0, 1, 27, 28))
      .map(([compact, v]): Hex => `${toHex(compact)}${v.toString(16).padStart(2, '0')}`);
    await fc.assert(
      fc.asyncProperty(signatures, async (signature) => {
        const signer = await recoverMessageAddress({ message: MESSAGE, signature }).catch(() => undefined);
        expect(evm.isSignedBy(signer ?? account.address, MESSAGE, signature)).toBe(signer !== undefined);
      }),
      { numRuns: RUNS },
    );
  });

  it.each([
    ['1b', '00'],
    ['1c', '01'],
  ])('accepts a signature whose v of %s is written as %s', async (usual, other) => {
    for (let i = 0; i < 64; i += 1) {
      const message = `message ${i}`;
      const signature = await account.signMessage({ message });
      if (!signature.endsWith(usual)) continue;
      const rewritten = signature.slice(0, -2) + other;
      expect(evm.isSignedBy(account.address, message, signature)).toBe(true);
      expect(evm.isSignedBy(account.address, message, rewritten)).toBe(true);
      expect(evm.isSignedBy(account.address, message, rewritten.toUpperCase().replace('0X', '0x'))).toBe(true);
      return;
    }
    throw new Error(`No signature of 64 had v ${usual}`);
  });

  it.each<[string, (signature: string) => string]>([
    ['without 0x', (signature) => signature.slice(2)],
    ['64 bytes', (signature) => signature.slice(0, -2)],
    ['66 bytes', (signature) => `${signature}00`],
    ['v 2', (signature) => `${signature.slice(0, -2)}02`],
    ['v 29', (signature) => `${signature.slice(0, -2)}1d`],
    ['the other v', (signature) => signature.slice(0, -2) + (signature.endsWith('1b') ? '1c' : '1b')],
    ['r and s of 0', () => `0x${'00'.repeat(64)}1b`],
    ['r and s out of range', () => `0x${'ff'.repeat(64)}1b`],
    ['no hex', () => '0xno-hex'],
    ['nothing', () => ''],
  ])('rejects a signature with one flaw: %s', async (_, change) => {
    const signature = change(await account.signMessage({ message: MESSAGE }));
    expect(evm.isSignedBy(account.address, MESSAGE, signature)).toBe(false);
  });

  it('rejects a signature over the message without the EIP-191 prefix', async () => {
    const signature = await account.sign({ hash: toHex(new Uint8Array(32)) });
    expect(evm.isSignedBy(account.address, '\0'.repeat(32), signature)).toBe(false);
  });

  it.each([
    ['0x52908400098527886E0F7030069857D2E4169EE7', true],
    ['0x52908400098527886e0f7030069857d2e4169ee7', true],
    ['52908400098527886E0F7030069857D2E4169EE7', false],
    ['0x52908400098527886E0F7030069857D2E4169EE', false],
    ['0x52908400098527886E0F7030069857D2E4169EE77', false],
    ['0xg2908400098527886E0F7030069857D2E4169EE7', false],
    ['0x1', false],
  ])('tells whether %s is an EVM address: %s', (address, is) => {
    expect(evm.isWallet(address)).toBe(is);
  });

  it('treats two spellings of an EVM address as one wallet', () => {
    expect(evm.canonical(account.address)).toBe(evm.canonical(account.address.toLowerCase()));
  });
});
