import type { SessionClaims } from '../session/claims.js';
import type { CoinflowSubject } from '../session/subject.js';
import { cachedSession, encodeId, type CachedSession } from './cached-session.js';
import type { SharedCache } from './shared-cache.js';

/**
 * A session as other replicas read it. Each replica has a monotonic clock of its own, so the moment is by the wall clock, in
 * milliseconds since 1970, and the rest are milliseconds from that moment. `null` means that there is no end.
 */
interface SharedSession extends SessionClaims {
  readonly verifiedAtMs: number;
  readonly validForMs: number | null;
  /** Absent unless this application created the key. */
  readonly createdForMs?: number | null;
}

/** The verified sessions that replicas share. */
export class SharedSessions {
  readonly #cache: SharedCache;
  readonly #merchantId: string;

  constructor(cache: SharedCache, merchantId: string) {
    this.#cache = cache;
    this.#merchantId = merchantId;
  }

  /** The session that a replica has verified; its verification may have ended since. */
  async get(id: string): Promise<CachedSession | undefined> {
    const text = await this.#cache.get('session', encodeId(id));
    return text === undefined ? undefined : readSession(text, this.#merchantId);
  }

  /** Writes in the background: the request does not wait. */
  set(id: string, session: CachedSession): void {
    void this.#cache.set('session', encodeId(id), writeSession(session), timeToLiveMs(session));
  }

  /** Deletes in the background: the request does not wait. */
  delete(id: string): void {
    void this.#cache.delete('session', encodeId(id));
  }
}

/** Writes a verified session for other replicas. Its tag stays in this process. */
export function writeSession(session: CachedSession): string {
  const { subject, merchantId, issuedAt, expiresAt, verifiedAt, validUntil, createdUntil } = session;
  const shared: SharedSession = {
    subject,
    merchantId,
    issuedAt,
    expiresAt,
    verifiedAtMs: Math.round(verifiedAt + wallClockOffset()),
    validForMs: durationBetween(verifiedAt, validUntil),
    ...(createdUntil !== undefined && { createdForMs: durationBetween(verifiedAt, createdUntil) }),
  };
  return JSON.stringify(shared);
}

/** @param text written by {@link writeSession}. It was sealed, so no one else can have written it. */
export function readSession(text: string, ownMerchantId: string): CachedSession {
  const shared = JSON.parse(text) as SharedSession;
  const { subject, merchantId, issuedAt, expiresAt, verifiedAtMs, validForMs, createdForMs } = shared;
  // A replica whose clock is ahead must not make a verification younger than now, and so valid for longer.
  const verifiedAt = Math.min(verifiedAtMs - wallClockOffset(), performance.now());
  const claims = {
    subject: subject && (Object.freeze(subject) as CoinflowSubject),
    // All sessions share one string, instead of holding a copy each.
    merchantId: merchantId === ownMerchantId ? ownMerchantId : merchantId,
    issuedAt,
    expiresAt,
  };
  return cachedSession(claims, {
    verifiedAt,
    validUntil: verifiedAt + (validForMs ?? Infinity),
    createdUntil: createdForMs === undefined ? undefined : verifiedAt + (createdForMs ?? Infinity),
  });
}

/** For how many milliseconds a replica can use the session. */
export function timeToLiveMs({ validUntil, expiresAt }: CachedSession): number {
  const keyExpiresInMs = expiresAt === null ? Infinity : expiresAt * 1_000 - Date.now();
  return Math.min(validUntil - performance.now(), keyExpiresInMs);
}

function durationBetween(from: number, to: number): number | null {
  return to === Infinity ? null : Math.round(to - from);
}

/** The wall clock minus the monotonic clock. */
function wallClockOffset(): number {
  return Date.now() - performance.now();
}
