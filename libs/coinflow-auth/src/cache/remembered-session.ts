import { hash } from 'node:crypto';
import type { SessionClaims } from '../session/claims.js';

/** A length of time without end. The largest number that V8 keeps in place: others take 16 bytes more each. */
export const FOREVER = 2 ** 31 - 1;

/** How a session key was proven, and how long that counts. */
export interface SessionProof {
  /**
   * Until when it counts that this application obtained the key itself, so that the key need not say whose it is: in
   * seconds of the monotonic clock (`performance.now()`), {@link FOREVER} for a key that says itself when it expires.
   */
  readonly createdUntilS: number;
  /** When the call that proved it began, in milliseconds of the monotonic clock. */
  readonly provenAt: number;
  /** For how many milliseconds from then the proof holds; {@link FOREVER}; 0 once Coinflow has taken it back. */
  readonly holdsMs: number;
  /** Our tag over the key, once a request has carried it. */
  readonly tag?: string | undefined;
}

/** What is known of a session key. One flat object of small parts: there may be a million of them. */
export type RememberedSession = SessionClaims & SessionProof;

/** A key of which nothing is known but what it says. */
export const UNPROVEN: SessionProof = { createdUntilS: 0, provenAt: -Infinity, holdsMs: 0 };

/** Written out, property by property: objects that are put together from others take half as much memory again. */
export function remembered(
  { subject, merchantId, issuedAt, expiresAt }: SessionClaims,
  { createdUntilS, provenAt, holdsMs, tag }: SessionProof,
): RememberedSession {
  return { subject, merchantId, issuedAt, expiresAt, createdUntilS, provenAt, holdsMs, tag };
}

/** The name under which a session key is remembered: the key itself must be in no memory dump's map of keys. */
export function sessionKeyId(key: string): string {
  // A character a byte: the shortest text there is, and there may be a million of them.
  return hash('sha256', key, 'binary');
}

/** Whether the proof holds, and is young enough. */
export function isProven({ provenAt, holdsMs }: SessionProof, maxAgeMs: number): boolean {
  const ageMs = performance.now() - provenAt;
  return ageMs < maxAgeMs && (ageMs < holdsMs || holdsMs === FOREVER);
}

/** Whether it was verified or attested before, now or once. Anybody can write what a new key says. */
export function isKnown({ provenAt }: SessionProof): boolean {
  return provenAt !== UNPROVEN.provenAt;
}

/** Whether it still counts that this application obtained the key itself. */
export function isCreated({ createdUntilS }: SessionProof): boolean {
  return createdUntilS === FOREVER || performance.now() < createdUntilS * 1_000;
}

/** For how long that still counts, from a moment of the monotonic clock. */
export function createdForMs({ createdUntilS }: SessionProof, from: number): number {
  return createdUntilS === FOREVER ? FOREVER : Math.floor(createdUntilS * 1_000 - from);
}
