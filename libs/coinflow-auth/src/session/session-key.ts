import { CoinflowSessionKeyMalformedError } from '../errors/coinflow-auth.errors.js';

/** No header of a session key is longer: everything beyond is junk, and need not be read. */
export const MAX_SESSION_KEY_LENGTH = 4_096;

const BASE64URL = /^[A-Za-z0-9_-]+$/;
/** Visible ASCII but `,`, which joins two headers of one name into one value, and `~`, which no session key contains. */
const OPAQUE = /^[\x21-\x2b\x2d-\x7d]+$/;
/** Of an HMAC-SHA256 in base64url. `alg: none` has none, every other algorithm another length. */
const SIGNATURE_LENGTH = 43;

/**
 * Whether a string has the form of a session key, without decoding anything of it.
 * @throws {CoinflowSessionKeyMalformedError}
 */
export function assertSessionKeyShape(key: string): void {
  const problem = shapeProblem(key);
  if (problem) throw new CoinflowSessionKeyMalformedError(`The session key ${problem[1]}`, { reason: problem[0] });
}

function shapeProblem(key: string): [reason: string, message: string] | undefined {
  if (key.length > MAX_SESSION_KEY_LENGTH) return ['too-long', `is longer than ${MAX_SESSION_KEY_LENGTH} characters`];
  const parts = key.split('.');
  if (parts.length !== 3)
    return OPAQUE.test(key) ? undefined : ['bad-characters', 'has characters that no session key has'];
  if (!parts.every((part) => BASE64URL.test(part)) || parts[2]?.length !== SIGNATURE_LENGTH) {
    return ['bad-jwt', 'has the three parts of a JWT, but not its alphabet or its signature’s length'];
  }
  return undefined;
}
