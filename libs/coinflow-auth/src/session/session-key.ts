import { CoinflowSessionKeyMalformedError } from '../errors/coinflow-auth.errors.js';

/** No header of a session key is longer: everything beyond is junk, and need not be read. */
const MAX_SESSION_KEY_LENGTH = 4_096;

/** An HMAC-SHA256 in base64url: a JWT's signature with HS256 (`alg: none` has none), and our own tag. */
const HMAC_LENGTH = 43;
/** What stands between a session key and our tag: no session key contains it. */
const TAG_SEPARATOR = '~';

/** What a request carries: a session key, and with an attested one the tag that says that we obtained it. */
export interface PresentedKey {
  readonly key: string;
  readonly tag: string | undefined;
}

/**
 * Base64url as an encoder writes it: the unused bits of the last character are 0. Whoever decodes a key accepts others,
 * too: one session key would have four spellings, and a revocation of one would leave the other three.
 */
const BASE64URL = /^(?:[\w-]{4})*(?:[\w-]{4}|[\w-]{2}[AEIMQUYcgkosw048]|[\w-][AQgw])$/;
/** Visible ASCII but `,`, which joins two headers of one name into one value, and `~`, which no session key contains. */
const OPAQUE = /^[\x21-\x2b\x2d-\x7d]+$/;
/**
 * Takes the two apart, without looking at either: a separator anywhere else is for the check of the key's form to find.
 * @throws {CoinflowSessionKeyMalformedError} for what is too long to be read at all, let alone hashed
 */
export function readPresented(presented: string): PresentedKey {
  if (presented.length > MAX_SESSION_KEY_LENGTH + TAG_SEPARATOR.length + HMAC_LENGTH) throw malformed(TOO_LONG);
  const end = presented.length - HMAC_LENGTH - TAG_SEPARATOR.length;
  if (presented[end] !== TAG_SEPARATOR) return { key: presented, tag: undefined };
  return { key: presented.slice(0, end), tag: presented.slice(end + TAG_SEPARATOR.length) };
}

/** The other way round. */
export function writePresented(key: string, tag: string): string {
  return key + TAG_SEPARATOR + tag;
}

/**
 * Whether what a request carries has the form of a session key, with or without a tag. Nothing of it is decoded.
 * @throws {CoinflowSessionKeyMalformedError}
 */
export function assertSessionKeyShape({ key, tag }: PresentedKey): void {
  const problem = tag !== undefined && !BASE64URL.test(tag) ? BAD_TAG : shapeProblem(key);
  if (problem) throw malformed(problem);
}

function malformed([reason, message]: Problem): CoinflowSessionKeyMalformedError {
  return new CoinflowSessionKeyMalformedError(`The session key ${message}`, { reason });
}

type Problem = readonly [reason: string, message: string];

const BAD_CHARACTERS: Problem = ['bad-characters', 'has characters that no session key has'];
const TOO_LONG: Problem = ['too-long', `is longer than ${MAX_SESSION_KEY_LENGTH} characters`];
const BAD_TAG: Problem = ['bad-characters', 'has a tag that is not canonical base64url'];

function shapeProblem(key: string): Problem | undefined {
  if (key.length > MAX_SESSION_KEY_LENGTH) return TOO_LONG;
  const parts = key.split('.');
  if (parts.length !== 3) return OPAQUE.test(key) ? undefined : BAD_CHARACTERS;
  if (!parts.every((part) => BASE64URL.test(part)) || parts[2]?.length !== HMAC_LENGTH) {
    return ['bad-jwt', 'has the three parts of a JWT, but they are not canonical base64url with an HS256 signature'];
  }
  return undefined;
}
