import { ed25519 } from '@noble/curves/ed25519';
import { secp256k1 } from '@noble/curves/secp256k1';
import { keccak_256 } from '@noble/hashes/sha3';
import { bytesToHex, concatBytes, utf8ToBytes } from '@noble/hashes/utils';
import { base58 } from '@scure/base';
import type { Wallet } from './browser-wallets.js';

/** A Solana key pair that exists in this tab only. */
export function temporarySolanaWallet(secretKey = ed25519.utils.randomPrivateKey()): Wallet {
  return {
    address: base58.encode(ed25519.getPublicKey(secretKey)),
    blockchain: 'solana',
    sign: (message) => Promise.resolve(base58.encode(ed25519.sign(utf8ToBytes(message), secretKey))),
  };
}

/** An Ethereum key pair that exists in this tab only. */
export function temporaryEvmWallet(secretKey = secp256k1.utils.randomPrivateKey()): Wallet {
  return {
    address: addressOf(secp256k1.getPublicKey(secretKey, false)),
    blockchain: 'eth',
    sign: (message) => Promise.resolve(personalSign(message, secretKey)),
  };
}

/** The last 20 bytes of the hash of the public key without its first byte, which marks the uncompressed format. */
function addressOf(publicKey: Uint8Array): string {
  return `0x${bytesToHex(keccak_256(publicKey.subarray(1)).subarray(-20))}`;
}

/** EIP-191. Because of the prefix, a signed message can never be a signed transaction. */
function personalSign(message: string, secretKey: Uint8Array): string {
  const bytes = utf8ToBytes(message);
  const prefix = utf8ToBytes(`\x19Ethereum Signed Message:\n${bytes.length}`);
  const signature = secp256k1.sign(keccak_256(concatBytes(prefix, bytes)), secretKey);
  return `0x${signature.toCompactHex()}${(27 + signature.recovery).toString(16)}`;
}
