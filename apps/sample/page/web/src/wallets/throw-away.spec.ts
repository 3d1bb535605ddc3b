import { describe, expect, it } from '@jest/globals';
import { base58 } from '@scure/base';
import nacl from 'tweetnacl';
import { verifyMessage } from 'viem';
import { throwAwayEvmWallet, throwAwaySolanaWallet } from './throw-away.js';

const MESSAGE = 'Sign in to Coinflow\nNonce: 17 – €';

// Checked with the libraries that wallets use, not with the one that made them.
describe('throw-away wallets', () => {
  it('sign for Solana', async () => {
    const { address, blockchain, sign } = throwAwaySolanaWallet();
    const signature = base58.decode(await sign(MESSAGE));
    expect(blockchain).toBe('solana');
    expect(nacl.sign.detached.verify(new TextEncoder().encode(MESSAGE), signature, base58.decode(address))).toBe(true);
  });

  it('sign for EVM chains', async () => {
    // Both recovery bits come about.
    for (let i = 0; i < 8; i += 1) {
      const { address, blockchain, sign } = throwAwayEvmWallet();
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
