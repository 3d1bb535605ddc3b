import { secp256k1 } from '@noble/curves/secp256k1';
import { keccak_256 } from '@noble/hashes/sha3';
import { bytesToHex, concatBytes, utf8ToBytes } from '@noble/hashes/utils';
import type { Chain } from './chain.js';

/** The EVM chains: addresses compare without regard to case; signatures are `personal_sign` (EIP-191), `0x` hex. */
export const evm: Chain = {
  isWallet: (address) => /^0x[\da-f]{40}$/i.test(address),
  canonical: (address) => address.toLowerCase(),
  isSignedBy: (address, message, signature) => signerOf(message, signature) === address.toLowerCase(),
};

/** Whoever made the signature: every one has a signer, and for the wrong message it is a stranger. */
function signerOf(message: string, signature: string): string | undefined {
  const [, compact = '', v = ''] = /^0x([\da-f]{128})([\da-f]{2})$/i.exec(signature) ?? [];
  const recovery = recoveryBit(Number.parseInt(v, 16));
  if (recovery === undefined) return undefined;
  try {
    const point = secp256k1.Signature.fromCompact(compact).addRecoveryBit(recovery).recoverPublicKey(eip191(message));
    return `0x${bytesToHex(keccak_256(point.toBytes(false).subarray(1)).subarray(-20))}`;
  } catch {
    return undefined; // r and s are out of range, or there is no such point
  }
}

/** Wallets say 27 or 28, some hardware wallets 0 or 1. */
function recoveryBit(v: number): 0 | 1 | undefined {
  if (v === 0 || v === 27) return 0;
  if (v === 1 || v === 28) return 1;
  return undefined;
}

/** The prefix is what keeps a signed text from being a signed transaction. */
function eip191(message: string): Uint8Array {
  const bytes = utf8ToBytes(message);
  return keccak_256(concatBytes(utf8ToBytes(`\x19Ethereum Signed Message:\n${bytes.length}`), bytes));
}
