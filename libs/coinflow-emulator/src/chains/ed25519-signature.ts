import { ed25519 } from '@noble/curves/ed25519';
import { utf8ToBytes } from '@noble/hashes/utils';

/** Whether the signature is this key's over the message's UTF-8 bytes. */
export function isEd25519Signature(
  publicKey: Uint8Array | undefined,
  message: string,
  signature: Uint8Array | undefined,
): boolean {
  if (!publicKey || !signature) return false;
  try {
    // RFC 8032 to the letter: the laxer rules of ZIP 215 let signatures pass that wallets' own libraries refuse.
    return ed25519.verify(signature, utf8ToBytes(message), publicKey, { zip215: false });
  } catch {
    return false; // 32 bytes that are no point of the curve: an address, but of nobody who could sign
  }
}
