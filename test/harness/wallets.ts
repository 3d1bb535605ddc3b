import { Keypair } from '@stellar/stellar-base';
import { base58 } from '@scure/base';
import nacl from 'tweetnacl';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';

/** Creates a wallet with a new key pair that signs with the library of its blockchain. */
export interface TestWallet {
  address: string;
  blockchain: string;
  sign: (message: string) => Promise<string>;
}

export const EVM_CHAINS = ['eth', 'polygon', 'base', 'arbitrum', 'monad', 'tempo'];
export const BLOCKCHAINS = ['solana', 'stellar', ...EVM_CHAINS];

export function walletOn(blockchain: string): TestWallet {
  if (blockchain === 'solana') return solanaWallet();
  if (blockchain === 'stellar') return stellarWallet();
  const account = privateKeyToAccount(generatePrivateKey());
  return { address: account.address, blockchain, sign: (message) => account.signMessage({ message }) };
}

function solanaWallet(): TestWallet {
  const { publicKey, secretKey } = nacl.sign.keyPair();
  return {
    address: base58.encode(publicKey),
    blockchain: 'solana',
    sign: (message) =>
      Promise.resolve(base58.encode(nacl.sign.detached(Uint8Array.from(Buffer.from(message)), secretKey))),
  };
}

function stellarWallet(): TestWallet {
  const keys = Keypair.random();
  return {
    address: keys.publicKey(),
    blockchain: 'stellar',
    sign: (message) => Promise.resolve(keys.sign(Buffer.from(message)).toString('base64')),
  };
}
