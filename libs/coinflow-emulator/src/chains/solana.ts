import { base58 } from '@scure/base';
import { decodeExactly, type Chain } from './chain.js';
import { isEd25519Signature } from './ed25519-signature.js';

/** Decoding base58 takes quadratic time, so longer strings are rejected before. */
const MAX_ADDRESS_LENGTH = 44;
const MAX_SIGNATURE_LENGTH = 88;

/** Solana: the address is the public key, base58; signatures are ed25519 over the message's UTF-8 bytes, base58. */
export const solana: Chain = {
  isWallet: (address) => publicKeyOf(address) !== undefined,
  canonical: (address) => address,
  isSignedBy: (address, message, signature) =>
    isEd25519Signature(publicKeyOf(address), Buffer.from(message), decode(signature, MAX_SIGNATURE_LENGTH, 64)),
};

function publicKeyOf(address: string): Uint8Array | undefined {
  return decode(address, MAX_ADDRESS_LENGTH, 32);
}

function decode(text: string, maxLength: number, bytes: number): Uint8Array | undefined {
  return text.length > maxLength ? undefined : decodeExactly(bytes, () => base58.decode(text));
}
