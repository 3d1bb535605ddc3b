import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';

const KEY_BYTES = 32;

/** A key of its own for each purpose: what is made with one says nothing about another, nor about the seal key. */
export function derivedKey(sealKey: KeyObject, purpose: string): KeyObject {
  return createSecretKey(Buffer.from(hkdfSync('sha256', sealKey, '', `nestjs-coinflow-auth ${purpose}`, KEY_BYTES)));
}
