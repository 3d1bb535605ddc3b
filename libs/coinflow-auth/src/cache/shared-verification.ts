import type { SessionClaims } from '../session/claims.js';
import type { CoinflowSubject } from '../session/subject.js';
import { FOREVER, remembered, type RememberedSession } from './remembered-session.js';

/**
 * A proof as another process can read it: by the wall clock, in milliseconds since 1970, for each process has a monotonic
 * clock of its own. `null` is {@link FOREVER}.
 */
interface SharedProof extends SessionClaims {
  readonly provenAtMs: number;
  readonly holdsMs: number | null;
  readonly createdUntilMs: number | null;
}

/** What other processes are told of a proven session. */
export function writeProof(session: RememberedSession): string {
  const { subject, merchantId, issuedAt, expiresAt, provenAt, holdsMs, createdUntilS } = session;
  const shared: SharedProof = {
    subject,
    merchantId,
    issuedAt,
    expiresAt,
    provenAtMs: Math.round(provenAt + wallClockAhead()),
    holdsMs: holdsMs === FOREVER ? null : holdsMs,
    createdUntilMs: createdUntilS === FOREVER ? null : Math.round(createdUntilS * 1_000 + wallClockAhead()),
  };
  return JSON.stringify(shared);
}

/** @param text of {@link writeProof}, unsealed: nobody else can have written it */
export function readProof(text: string, ours: string): RememberedSession {
  const { subject, merchantId, issuedAt, expiresAt, provenAtMs, holdsMs, createdUntilMs } = JSON.parse(
    text,
  ) as SharedProof;
  const claims = {
    subject: subject && (Object.freeze(subject) as CoinflowSubject),
    // Every session remembers our one text of it, and not each its own.
    merchantId: merchantId === ours ? ours : merchantId,
    issuedAt,
    expiresAt,
  };
  return remembered(claims, {
    // A clock that is ahead of ours must make no proof younger than this moment.
    provenAt: Math.min(provenAtMs - wallClockAhead(), performance.now()),
    holdsMs: holdsMs ?? FOREVER,
    createdUntilS: createdUntilMs === null ? FOREVER : Math.floor((createdUntilMs - wallClockAhead()) / 1_000),
  });
}

/** For how long a proof is of use to anybody, in milliseconds. */
export function usefulForMs({ provenAt, holdsMs, expiresAt }: RememberedSession): number {
  const proofMs = holdsMs === FOREVER ? Infinity : provenAt + holdsMs - performance.now();
  const lifeMs = expiresAt === null ? Infinity : expiresAt * 1_000 - Date.now();
  return Math.min(proofMs, lifeMs);
}

function wallClockAhead(): number {
  return Date.now() - performance.now();
}
