import { secp256k1 } from '@noble/curves/secp256k1';
import { keccak_256 } from '@noble/hashes/sha3';
import { bytesToHex, concatBytes, utf8ToBytes } from '@noble/hashes/utils';
import type { Chain } from './chain.js';

/** EVM chains: addresses are case-insensitive; signatures are `personal_sign` (EIP-191) in `0x` hex. */
export const evm: Chain = {
  isWallet: (address) => /^0x[\da-f]{40}$/i.test(address),
  canonical: (address) => address.toLowerCase(),
  isSignedBy: (address, message, signature) => signerOf(message, signature) === address.toLowerCase(),
};

/** Recovers the address of the signer. A signature over another message yields a different address. */
function signerOf(message: string, signature: string): string | undefined {
  const [, compact = '', v = ''] = /^0x([\da-f]{128})([\da-f]{2})$/i.exec(signature) ?? [];
  const recovery = recoveryBit(Number.parseInt(v, 16));
  if (recovery === undefined) return undefined;
  try {
    const point = secp256k1.Signature.fromCompact(compact).addRecoveryBit(recovery).recoverPublicKey(eip191(message));
    return `0x${bytesToHex(keccak_256(point.toBytes(false).subarray(1)).subarray(-20))}`;
  } catch {
    return undefined; // r or s is out of range, or the point does not exist
  }
}

/** `v` is 27 or 28 for most wallets, 0 or 1 for some hardware wallets. */
function recoveryBit(v: number): 0 | 1 | undefined {
  if (v === 0 || v === 27) return 0;
  if (v === 1 || v === 28) return 1;
  return undefined;
}

/** Because of the prefix, a signed message can never be a signed transaction. */
function eip191(message: string): Uint8Array {
  const bytes = utf8ToBytes(message);
  return keccak_256(concatBytes(utf8ToBytes(`\x19Ethereum Signed Message:\n${bytes.length}`), bytes));
}
