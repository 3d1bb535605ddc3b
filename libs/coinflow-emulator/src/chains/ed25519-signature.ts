import { createPublicKey, verify } from 'node:crypto';

/**
 * The encodings of the points of small order, with the sign bit cleared. For such a "public key" there are signatures
 * that are valid for every message, and OpenSSL accepts them.
 */
const SMALL_ORDER = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
]);

/** Whether this is the signature of the key over the bytes. */
export function isEd25519Signature(
  publicKey: Uint8Array | undefined,
  signed: Uint8Array,
  signature: Uint8Array | undefined,
): boolean {
  if (!publicKey || !signature || hasSmallOrder(publicKey)) return false;
  const x = Buffer.from(publicKey).toString('base64url');
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  // Also false for 32 bytes that are not a point of the curve. No private key exists for such an address.
  return verify(null, signed, key, signature);
}

function hasSmallOrder(publicKey: Uint8Array): boolean {
  const bytes = Buffer.from(publicKey);
  bytes[31] = (bytes[31] ?? 0) & 0x7f;
  return SMALL_ORDER.has(bytes.toString('hex'));
}
