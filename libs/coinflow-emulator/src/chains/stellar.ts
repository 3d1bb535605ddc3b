import { createHash } from 'node:crypto';
import { base32, base64 } from '@scure/base';
import { decodeExactly, type Chain } from './chain.js';
import { isEd25519Signature } from './ed25519-signature.js';

/** `G...`, the version byte of an ed25519 public key. Muxed accounts (`M...`) and contracts (`C...`) cannot sign. */
const ACCOUNT = 6 << 3;
const SIGNATURE_LENGTH = 88;

/**
 * Stellar: the address is a strkey; signatures are ed25519, base64. Wallets sign either according to SEP-53 or the UTF-8
 * bytes of the message. Coinflow does not document which one it verifies, so the emulator accepts both.
 */
export const stellar: Chain = {
  isWallet: (address) => publicKeyOf(address) !== undefined,
  canonical: (address) => address,
  isSignedBy: (address, message, signature) => {
    const bytes = signature.length === SIGNATURE_LENGTH ? decodeExactly(64, () => base64.decode(signature)) : undefined;
    const publicKey = publicKeyOf(address);
    return [sep53Hash(message), Buffer.from(message)].some((signed) => isEd25519Signature(publicKey, signed, bytes));
  },
};

/**
 * The hash that a wallet signs according to SEP-53. Because of the prefix, it can never be a signed transaction.
 * @see https://github.com/stellar/stellar-protocol/blob/master/ecosystem/sep-0053.md
 */
function sep53Hash(message: string): Uint8Array {
  return createHash('sha256').update(`Stellar Signed Message:\n${message}`).digest();
}

/** A strkey is the base32 of version byte, public key and checksum. */
function publicKeyOf(address: string): Uint8Array | undefined {
  if (address.length !== 56) return undefined;
  const bytes = decodeExactly(35, () => base32.decode(address));
  if (bytes?.[0] !== ACCOUNT) return undefined;
  const checksum = crc16(bytes.subarray(0, 33));
  return bytes[33] === (checksum & 0xff) && bytes[34] === checksum >> 8 ? bytes.subarray(1, 33) : undefined;
}

/** CRC-16/XMODEM. */
function crc16(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1) & 0xffff;
  }
  return crc;
}
