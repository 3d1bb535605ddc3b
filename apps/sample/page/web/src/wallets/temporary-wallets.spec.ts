import { describe, expect, it } from '@jest/globals';
import { base58 } from '@scure/base';
import nacl from 'tweetnacl';
import { verifyMessage } from 'viem';
import { temporaryEvmWallet, temporarySolanaWallet } from './temporary-wallets.js';

const MESSAGE = 'Sign in to Coinflow\nNonce: 17 – €';

// Verified with other libraries than the one that signs.
describe('temporary wallets', () => {
  it('signs a message for Solana', async () => {
    const { address, blockchain, sign } = temporarySolanaWallet();
    const signature = base58.decode(await sign(MESSAGE));
    expect(blockchain).toBe('solana');
    expect(nacl.sign.detached.verify(new TextEncoder().encode(MESSAGE), signature, base58.decode(address))).toBe(true);
  });

  it('signs a message for EVM chains', async () => {
    // Eight keys cover both recovery bits.
    for (let i = 0; i < 8; i += 1) {
      const { address, blockchain, sign } = temporaryEvmWallet();
      const signature = await sign(MESSAGE);
      expect(blockchain).toBe('eth');
      if (!isHex(address) || !isHex(signature)) throw new Error('Not hexadecimal');
      expect(await verifyMessage({ address, message: MESSAGE, signature })).toBe(true);
    }
  });
});

function isHex(text: string): text is `0x${string}` {
  return /^0x[\da-f]+$/.test(text);
}
