import { CoinflowSessionKeyMalformedError } from '../errors/coinflow-auth.errors.js';

/** No session key is longer. A longer value is rejected before it is read. */
const MAX_SESSION_KEY_LENGTH = 4_096;

/** An HMAC-SHA256 in base64url: a JWT's signature with HS256 (`alg: none` has none), and our own tag. */
const HMAC_LENGTH = 43;
/** Separates a session key from our tag. No session key contains it. */
const TAG_SEPARATOR = '~';

/** The session key of a request. An attested key also has our tag. */
export interface PresentedKey {
  readonly key: string;
  readonly tag: string | undefined;
}

/**
 * Canonical base64url: the unused bits of the last character are 0. Decoders also accept other values of these bits. One session
 * key would then have four spellings, and a revocation of one would not affect the other three.
 */
const BASE64URL = /^(?:[\w-]{4})*(?:[\w-]{4}|[\w-]{2}[AEIMQUYcgkosw048]|[\w-][AQgw])$/;
/** Visible ASCII but `,`, which joins two headers of one name into one value, and `~`, which no session key contains. */
const OPAQUE = /^[\x21-\x2b\x2d-\x7d]+$/;

/**
 * Separates the key from the tag without validating either. {@link assertSessionKeyShape} rejects a separator elsewhere.
 * @throws {@link CoinflowSessionKeyMalformedError} for a value that is too long to be read or hashed
 */
export function readPresented(presented: string): PresentedKey {
  if (presented.length > MAX_SESSION_KEY_LENGTH + TAG_SEPARATOR.length + HMAC_LENGTH) throw malformed(TOO_LONG);
  const end = presented.length - HMAC_LENGTH - TAG_SEPARATOR.length;
  if (presented[end] !== TAG_SEPARATOR) return { key: presented, tag: undefined };
  return { key: presented.slice(0, end), tag: presented.slice(end + TAG_SEPARATOR.length) };
}

/** Joins the key and the tag. */
export function writePresented(key: string, tag: string): string {
  return key + TAG_SEPARATOR + tag;
}

/**
 * Validates the format of a session key and its tag, without decoding them.
 * @throws {@link CoinflowSessionKeyMalformedError} for an invalid format
 */
export function assertSessionKeyShape({ key, tag }: PresentedKey): void {
  const problem = tag !== undefined && !BASE64URL.test(tag) ? BAD_TAG : shapeProblem(key);
  if (problem) throw malformed(problem);
}

function malformed([reason, message]: Problem): CoinflowSessionKeyMalformedError {
  return new CoinflowSessionKeyMalformedError(`The session key ${message}`, { reason });
}

type Problem = readonly [reason: string, message: string];

const BAD_CHARACTERS: Problem = ['invalid-characters', 'has invalid characters'];
const TOO_LONG: Problem = ['too-long', `is longer than ${MAX_SESSION_KEY_LENGTH} characters`];
const BAD_TAG: Problem = ['invalid-characters', 'has a tag that is not canonical base64url'];

function shapeProblem(key: string): Problem | undefined {
  if (key.length > MAX_SESSION_KEY_LENGTH) return TOO_LONG;
  const parts = key.split('.');
  if (parts.length !== 3) return OPAQUE.test(key) ? undefined : BAD_CHARACTERS;
  if (!parts.every((part) => BASE64URL.test(part)) || parts[2]?.length !== HMAC_LENGTH) {
    return ['malformed-jwt', 'has the three parts of a JWT, but is not canonical base64url with an HS256 signature'];
  }
  return undefined;
}
