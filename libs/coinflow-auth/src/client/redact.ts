const MAX_LENGTH = 128;
/** A JWT wherever it stands in a text: a server's message may repeat the key that it refuses. */
const JWT = /[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g;

/** Makes a text from outside safe to log: no secret that was sent, no control characters (forged log lines), not long. */
export function safeText(text: string, secrets: readonly string[]): string {
  const redacted = secrets
    .reduce((rest, secret) => rest.replaceAll(secret, '[redacted]'), text)
    .replace(JWT, '[redacted]');
  return redacted
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim()
    .slice(0, MAX_LENGTH);
}
