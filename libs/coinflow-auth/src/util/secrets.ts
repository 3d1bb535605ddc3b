import { createHash, timingSafeEqual } from 'node:crypto';

const MAX_LENGTH = 128;
/** How many characters of a string are read: a server may respond with a megabyte. */
const SCANNED_LENGTH = 16_384;
/** The longest session key, with its tag. */
const SESSION_KEY_LENGTH = 4_140;
/**
 * A JWT anywhere in a string: a server's message may repeat the key that it rejects. A match starts only where a word
 * starts; otherwise the duration would grow with the square of the length.
 */
const JWT = /(?<![\w-])[\w-]{8,}\.[\w-]{8,}\.[\w.-]*/g;

/**
 * Makes a string from outside safe to log: without secrets, without control characters (which forge log lines), and cut to
 * 128 characters.
 * @param secrets the values that were sent and that the string may repeat
 */
export function safeText(text: string, secrets: readonly string[]): string {
  const redacted = secrets
    .reduce((rest, secret) => rest.replaceAll(secret, '[redacted]'), text.slice(0, SCANNED_LENGTH))
    .replace(JWT, '[redacted]');
  return withoutSplitSecret(redacted, text, secrets)
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim()
    .slice(0, MAX_LENGTH);
}

/** Removes the end of a cut string: a secret across the cut was not recognized, and its beginning may be there. */
function withoutSplitSecret(redacted: string, text: string, secrets: readonly string[]): string {
  if (text.length <= SCANNED_LENGTH) return redacted;
  return redacted.slice(0, -Math.max(SESSION_KEY_LENGTH, ...secrets.map(({ length }) => length)));
}

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
