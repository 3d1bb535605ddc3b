import { hash } from 'node:crypto';
import type { SessionClaims } from '../session/claims.js';
import { CoinflowSession, type SessionKeyAttestor } from '../session/coinflow-session.js';

/**
 * What is known of a session key beside its claims. All moments are in milliseconds of the monotonic clock
 * (`performance.now()`), and `Infinity` means that there is no end.
 *
 * | the key                                 | verifiedAt      | validUntil     | createdUntil |
 * | --------------------------------------- | --------------- | -------------- | ------------ |
 * | is new: only its claims are known       | `-Infinity`     | `-Infinity`    | `undefined`  |
 * | was accepted by Coinflow                | call began      | + time to live | `undefined`  |
 * | was created by this application         | call began      | `Infinity`     | `Infinity`   |
 * | was created, and has no expiry          | call began      | + 24 h         | + 24 h       |
 * | was attested by its tag                 | key was created | `Infinity`     | `Infinity`   |
 * | was verified or attested, then rejected | unchanged       | `-Infinity`    | unchanged    |
 */
export interface Verification {
  /** When the call began that created or verified the key; `-Infinity` for a new key, which was never verified. */
  readonly verifiedAt: number;
  /** Until when the verification counts; `Infinity` until the key expires, `-Infinity` for a new or an invalidated key. */
  readonly validUntil: number;
  /**
   * Until when it counts that this application created the key; `undefined` if it did not. `Infinity` for a key that has an
   * expiry. It is a fact of its own: when Coinflow rejects the key, `validUntil` ends at once, and this one does not.
   */
  readonly createdUntil: number | undefined;
  /** The key with its attestation tag, once a request has carried it. */
  readonly attestedKey?: string | undefined;
}

/** A session key's claims and its verification, in one flat object: a process may hold a million of them. */
export type CachedSession = SessionClaims & Verification;

/** The verification of a new key. */
export const NOT_VERIFIED: Verification = { verifiedAt: -Infinity, validUntil: -Infinity, createdUntil: undefined };

/** Lists every property: objects that are spread from others take half as much memory again. */
export function cachedSession(
  { subject, merchantId, issuedAt, expiresAt }: SessionClaims,
  { verifiedAt, validUntil, createdUntil, attestedKey }: Verification,
): CachedSession {
  return { subject, merchantId, issuedAt, expiresAt, verifiedAt, validUntil, createdUntil, attestedKey };
}

/** The session of a request. Only a key that this application created, and that has an expiry, can be attested. */
export function sessionOf(key: string, known: CachedSession, attestor: SessionKeyAttestor): CoinflowSession {
  return new CoinflowSession(key, known, known.createdUntil === Infinity ? attestor : undefined);
}

/** The id of a session key for all that outlives its session, and for the shared store: a hash, which reveals no key. */
export function sessionKeyId(key: string): string {
  // One character for each byte, which takes the least memory.
  return hash('sha256', key, 'binary');
}

/** The id in base64url: it is bytes in a string, and not every such string is valid text. */
export function encodeId(id: string): string {
  return Buffer.from(id, 'binary').toString('base64url');
}

/** The inverse of {@link encodeId}. */
export function decodeId(text: string): string {
  return Buffer.from(text, 'base64url').toString('binary');
}

/** Whether the verification counts, and is younger than `maxAgeMs`. A clock is read only where a time is limited. */
export function isFresh({ verifiedAt, validUntil }: Verification, maxAgeMs: number): boolean {
  if (validUntil !== Infinity && performance.now() >= validUntil) return false;
  return maxAgeMs === Infinity || performance.now() - verifiedAt < maxAgeMs;
}

/** Whether the key was verified or attested before, even if that no longer counts. The claims of other keys prove nothing. */
export function isKnown({ verifiedAt }: Verification): boolean {
  return verifiedAt !== NOT_VERIFIED.verifiedAt;
}

/** Whether it counts that this application created the key. */
export function isCreatedByApplication<Known extends Verification>(
  verification: Known,
): verification is Known & { createdUntil: number } {
  const { createdUntil } = verification;
  return createdUntil !== undefined && performance.now() < createdUntil;
}
