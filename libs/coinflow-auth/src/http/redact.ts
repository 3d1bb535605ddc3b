const MAX_LENGTH = 128;
/** As much of a text as is looked at: a server may answer with a megabyte. */
const SCANNED_LENGTH = 16_384;
/** No session key is longer, with its tag. */
const SESSION_KEY_LENGTH = 4_140;
/**
 * A JWT wherever it stands in a text: a server's message may repeat the key that it rejects. Begins where a word begins,
 * and not in the middle of one: otherwise the time it takes grows with the square of the text's length.
 */
const JWT = /(?<![\w-])[\w-]{8,}\.[\w-]{8,}\.[\w.-]*/g;

/** Makes a text from outside safe to log: no secret that was sent, no control characters (forged log lines), not long. */
export function safeText(text: string, secrets: readonly string[]): string {
  const redacted = secrets
    .reduce((rest, secret) => rest.replaceAll(secret, '[redacted]'), text.slice(0, SCANNED_LENGTH))
    .replace(JWT, '[redacted]');
  return withoutSplitSecret(redacted, text, secrets)
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim()
    .slice(0, MAX_LENGTH);
}

/** A secret that the cut has split was not recognised: what may be its beginning goes. */
function withoutSplitSecret(redacted: string, text: string, secrets: readonly string[]): string {
  if (text.length <= SCANNED_LENGTH) return redacted;
  return redacted.slice(0, -Math.max(SESSION_KEY_LENGTH, ...secrets.map(({ length }) => length)));
}
