import { CoinflowSessionKeyMalformedError } from '../errors/coinflow-auth.errors.js';
import type { CoinflowSubject } from './subject.js';

/** The claims of a session key. Anybody can write them: they count only after Coinflow has accepted or created the key. */
export interface SessionClaims {
  /** `null` unless the key names exactly one user or one wallet. */
  readonly subject: CoinflowSubject | null;
  readonly merchantId: string | undefined;
  /** In seconds since 1970, as the JWT has it; `null` when it is absent. */
  readonly issuedAt: number | null;
  /** In seconds since 1970, as the JWT has it; `null` when it is absent. */
  readonly expiresAt: number | null;
}

/** The end of the year 9999. Larger values are milliseconds mistaken for seconds, or too large for a `Date`. */
const LAST_SECOND = 253_402_300_799;
const MAX_NAME_LENGTH = 256;
/** Clocks differ a little: a key that expired less than this ago is still accepted. */
const EXPIRY_TOLERANCE_MS = 5_000;

/** The claims of an opaque key. */
export const NO_CLAIMS: SessionClaims = Object.freeze({
  subject: null,
  merchantId: undefined,
  issuedAt: null,
  expiresAt: null,
});

/** Whether a key names its user or wallet, its merchant and its expiry. */
export function isBound({ subject, merchantId, expiresAt }: SessionClaims): boolean {
  return subject !== null && merchantId !== undefined && expiresAt !== null;
}

/** Until when a key with these claims is accepted, in milliseconds since 1970; `Infinity` without an expiry. */
export function expiryOf({ expiresAt }: Pick<SessionClaims, 'expiresAt'>): number {
  return expiresAt === null ? Infinity : expiresAt * 1_000 + EXPIRY_TOLERANCE_MS;
}

/**
 * Reads the claims of a key whose format is valid. Only Coinflow can verify the signature, because only it has the secret.
 *
 * A claim that is `null` counts as absent. An invalid claim makes the key malformed. If it counted as absent, a key that has
 * expired or belongs to another merchant would pass for one without that claim.
 * @throws {@link CoinflowSessionKeyMalformedError} for a JWT whose payload is not a JSON object, or that has an invalid claim
 */
export function readClaims(key: string): SessionClaims {
  const payload = key.split('.');
  if (payload.length !== 3) return NO_CLAIMS;
  const claims = parseObject(Buffer.from(payload[1] ?? '', 'base64url').toString('utf8'));
  if (!claims) {
    throw new CoinflowSessionKeyMalformedError('The session key is a JWT whose payload is not a JSON object', {
      reason: 'malformed-payload',
    });
  }
  return Object.freeze({
    subject: readSubject(claims),
    merchantId: readName(claims, 'merchantId'),
    issuedAt: readSeconds(claims, 'iat'),
    expiresAt: readSeconds(claims, 'exp'),
  });
}

function readSubject(claims: object): CoinflowSubject | null {
  const userId = readName(claims, 'customerId');
  const wallet = readName(claims, 'wallet');
  const blockchain = readName(claims, 'blockchain');
  // With a user and a wallet in one key, two readers could see two different users.
  if (userId && wallet) return null;
  if (userId) return Object.freeze({ kind: 'user', userId });
  // For a user without a wallet, Coinflow writes `user` as the blockchain.
  if (wallet && blockchain && blockchain !== 'user') return Object.freeze({ kind: 'wallet', wallet, blockchain });
  return null;
}

/** Reads own properties only, because a prototype could have the name of a claim. */
function ownValue(claims: object, name: string): unknown {
  return Object.hasOwn(claims, name) ? (claims as Record<string, unknown>)[name] : undefined;
}

function readName(claims: object, name: string): string | undefined {
  const value = ownValue(claims, name) ?? undefined;
  if (value === undefined) return undefined;
  if (typeof value === 'string' && value.length > 0 && value.length <= MAX_NAME_LENGTH) return value;
  throw invalidClaim(name);
}

function readSeconds(claims: object, name: string): number | null {
  const value = ownValue(claims, name) ?? null;
  if (value === null) return null;
  if (typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= LAST_SECOND) return value;
  throw invalidClaim(name);
}

function invalidClaim(name: string): CoinflowSessionKeyMalformedError {
  return new CoinflowSessionKeyMalformedError(`The session key has an invalid claim ${name}`, {
    reason: 'malformed-claim',
  });
}

function parseObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
