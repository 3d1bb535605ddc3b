import { CoinflowSessionKeyMalformedError } from '../errors/coinflow-auth.errors.js';
import type { CoinflowSubject } from './subject.js';

/**
 * What a session key says of itself. Anybody can write such a text: it is believed only once Coinflow has called the
 * key valid, or has just given it to us.
 */
export interface SessionClaims {
  /** `null` unless the key names exactly one user or one wallet. */
  readonly subject: CoinflowSubject | null;
  readonly merchantId: string | undefined;
  /** In seconds since 1970, as the JWT has it; `null` when it is absent. */
  readonly issuedAt: number | null;
  /** In seconds since 1970, as the JWT has it; `null` when it is absent. */
  readonly expiresAt: number | null;
}

/** The end of the year 9999: above it are milliseconds taken for seconds, and numbers that no `Date` holds. */
const LAST_SECOND = 253_402_300_799;
const MAX_NAME_LENGTH = 256;

/** What an opaque key says: nothing. */
export const NO_CLAIMS: SessionClaims = Object.freeze({
  subject: null,
  merchantId: undefined,
  issuedAt: null,
  expiresAt: null,
});

/** Whether a key says by itself whose it is, for which merchant and until when. */
export function isBound({ subject, merchantId, expiresAt }: SessionClaims): boolean {
  return subject !== null && merchantId !== undefined && expiresAt !== null;
}

/**
 * Reads a key whose format was checked. The signature is Coinflow's to check: only it has the secret.
 *
 * A claim that is absent or `null` says nothing. One that is present and cannot be read makes the key malformed: taken for
 * absent, a key that expired, or that names another merchant, would pass for one that says nothing of either.
 * @throws {CoinflowSessionKeyMalformedError} for a JWT whose payload is not a JSON object, or has an unreadable claim
 */
export function readClaims(key: string): SessionClaims {
  const payload = key.split('.');
  if (payload.length !== 3) return NO_CLAIMS;
  const claims = parseObject(Buffer.from(payload[1] ?? '', 'base64url').toString('utf8'));
  if (!claims) {
    throw new CoinflowSessionKeyMalformedError('The session key is a JWT whose payload is not a JSON object', {
      reason: 'bad-payload',
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
  // Two names in one key: whoever reads the other one sees another user.
  if (userId && wallet) return null;
  if (userId) return Object.freeze({ kind: 'user', userId });
  // `user` is what Coinflow calls the "chain" of a user without a wallet.
  if (wallet && blockchain && blockchain !== 'user') return Object.freeze({ kind: 'wallet', wallet, blockchain });
  return null;
}

/** Own properties only: a claim must not be found on a prototype. */
function ownValue(claims: object, name: string): unknown {
  return Object.hasOwn(claims, name) ? (claims as Record<string, unknown>)[name] : undefined;
}

function readName(claims: object, name: string): string | undefined {
  const value = ownValue(claims, name) ?? undefined;
  if (value === undefined) return undefined;
  if (typeof value === 'string' && value.length > 0 && value.length <= MAX_NAME_LENGTH) return value;
  throw unreadable(name);
}

function readSeconds(claims: object, name: string): number | null {
  const value = ownValue(claims, name) ?? null;
  if (value === null) return null;
  if (typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= LAST_SECOND) return value;
  throw unreadable(name);
}

function unreadable(name: string): CoinflowSessionKeyMalformedError {
  return new CoinflowSessionKeyMalformedError(`The session key has a claim ${name} that cannot be read`, {
    reason: 'unreadable-claim',
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
