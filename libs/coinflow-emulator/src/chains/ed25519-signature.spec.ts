import { sign, generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { ed25519 } from '@noble/curves/ed25519';
import fc from 'fast-check';
import { isEd25519Signature } from './ed25519-signature.js';

const { Point } = ed25519;
/** (0, y) and its multiples: a generator of the eight points of small order, in its usual encoding. */
const TORSION = Point.fromHex('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05');
const SMALL_ORDER = [Point.ZERO, ...Array.from({ length: 7 }, (_, i) => TORSION.multiplyUnsafe(BigInt(i + 1)))];

describe('isEd25519Signature', () => {
  it('rejects every signature of a public key of small order, with both sign bits', () => {
    expect(new Set(SMALL_ORDER.map((point) => point.toHex())).size).toBe(8);
    for (const point of SMALL_ORDER) {
      const publicKey = point.toBytes();
      const otherSign = Uint8Array.from(publicKey);
      otherSign[31] = (otherSign[31] ?? 0) ^ 0x80;
      for (const key of [publicKey, otherSign]) {
        for (const commitment of SMALL_ORDER) {
          const signature = Buffer.concat([commitment.toBytes(), Buffer.alloc(32)]);
          for (const message of ['', 'hello', 'another']) {
            expect(isEd25519Signature(key, Buffer.from(message), signature)).toBe(false);
          }
        }
      }
    }
  });

  it('agrees with tweetnacl about any 64 bytes and any changed bit', () => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const key = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
    const good = sign(null, Buffer.from('hello'), privateKey);
    const flipped = fc.nat(511).map((bit) => {
      const bytes = Uint8Array.from(good);
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      return bytes;
    });
    const any = fc.uint8Array({ minLength: 64, maxLength: 64 });
    const agrees = (signature: Uint8Array): void =>
      expect(isEd25519Signature(key, Buffer.from('hello'), signature)).toBe(
        isAccepted(signature, new TextEncoder().encode('hello'), key),
      );
    agrees(good);
    fc.assert(fc.property(fc.oneof(flipped, any), agrees), { numRuns: 60 });
  });

  it('rejects a public key that is not a point of the curve', () => {
    expect(isEd25519Signature(new Uint8Array(32).fill(0xff), Buffer.from('hello'), new Uint8Array(64))).toBe(false);
  });
});

/** By RFC 8032; noble throws for what is no encoding at all. */
function isAccepted(signature: Uint8Array, message: Uint8Array, key: Uint8Array): boolean {
  try {
    return ed25519.verify(signature, message, key, { zip215: false });
  } catch {
    return false;
  }
}
