import { createHash, timingSafeEqual } from 'node:crypto';

/**
 * Compares two secrets in constant time: the duration depends on neither where they differ nor whether their lengths are
 * equal, so an attacker who measures it learns nothing.
 */
export function safeEqual(a: string | Uint8Array, b: string | Uint8Array): boolean {
  // Digests have one length; timingSafeEqual() throws for different lengths.
  return timingSafeEqual(digest(a), digest(b));
}

function digest(value: string | Uint8Array): Buffer {
  return createHash('sha256').update(value).digest();
}
