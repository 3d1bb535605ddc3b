import { ed25519 } from '@noble/curves/ed25519';
import { secp256k1 } from '@noble/curves/secp256k1';
import { keccak_256 } from '@noble/hashes/sha3';
import { bytesToHex, concatBytes, utf8ToBytes } from '@noble/hashes/utils';
import { base58 } from '@scure/base';
import type { Wallet } from './wallet.js';

/** A key pair of Solana's kind, which this tab forgets when it is closed. */
export function throwAwaySolanaWallet(secretKey = ed25519.utils.randomPrivateKey()): Wallet {
  return {
    address: base58.encode(ed25519.getPublicKey(secretKey)),
    blockchain: 'solana',
    sign: (message) => Promise.resolve(base58.encode(ed25519.sign(utf8ToBytes(message), secretKey))),
  };
}

/** A key pair of Ethereum's kind, which this tab forgets when it is closed. */
export function throwAwayEvmWallet(secretKey = secp256k1.utils.randomPrivateKey()): Wallet {
  return {
    address: addressOf(secp256k1.getPublicKey(secretKey, false)),
    blockchain: 'eth',
    sign: (message) => Promise.resolve(personalSign(message, secretKey)),
  };
}

/** The last 20 bytes of the hash of the public key, without the byte that says that it is not compressed. */
function addressOf(publicKey: Uint8Array): string {
  return `0x${bytesToHex(keccak_256(publicKey.subarray(1)).subarray(-20))}`;
}

/** EIP-191. The prefix is what keeps a signed text from being a signed transaction. */
function personalSign(message: string, secretKey: Uint8Array): string {
  const bytes = utf8ToBytes(message);
  const prefix = utf8ToBytes(`\x19Ethereum Signed Message:\n${bytes.length}`);
  const signature = secp256k1.sign(keccak_256(concatBytes(prefix, bytes)), secretKey);
  return `0x${signature.toCompactHex()}${(27 + signature.recovery).toString(16)}`;
}
