import { sessionKeyId } from '../cache/cached-session.js';
import type { Revocations } from '../cache/revocations.js';
import type { SessionCache } from '../cache/session-cache.js';
import type { SharedRevocations } from '../cache/shared-revocations.js';
import type { SharedSessions } from '../cache/shared-sessions.js';
import { expiryOf, readClaims } from '../session/claims.js';
import { assertSessionKeyShape, readPresented } from '../session/session-key.js';
import { subjectName, type CoinflowSubject } from '../session/subject.js';
import { withTimeoutOrUndefined } from '../util/promises.js';

/** How long a revocation waits for the shared store. It holds in this process at once. */
const PUBLISH_TIMEOUT_MS = 5_000;

/** Where a revocation takes effect. */
interface RevokerParts {
  readonly cache: SessionCache;
  readonly revocations: Revocations;
  readonly sharedSessions?: SharedSessions | undefined;
  readonly sharedRevocations?: SharedRevocations | undefined;
}

/** Revokes session keys: they are rejected from now on, even if Coinflow accepts them. */
export class SessionRevoker {
  readonly #parts: RevokerParts;

  constructor(parts: RevokerParts) {
    this.#parts = parts;
  }

  /**
   * Revokes one session key, plain or attested, until it expires.
   * @returns whether the other replicas are notified now
   */
  async revokeKey(presented: string): Promise<boolean> {
    const { cache, sharedSessions, sharedRevocations } = this.#parts;
    const { key, tag } = readPresented(presented);
    assertSessionKeyShape({ key, tag });
    const id = sessionKeyId(key);
    const untilMs = expiryOf(cache.get(id) ?? readClaims(key));
    sharedSessions?.delete(id);
    cache.revoke(id, untilMs);
    return isPublished(sharedRevocations?.publishKey(id, untilMs));
  }

  /**
   * Revokes every session key that Coinflow has created for this user until now.
   * @returns whether the other replicas are notified now
   */
  async revokeSubject(subject: CoinflowSubject): Promise<boolean> {
    const { revocations, sharedRevocations } = this.#parts;
    const revocation = revocations.revokeSubject(subject);
    return isPublished(sharedRevocations?.publishSubject(subjectName(subject), revocation));
  }
}

async function isPublished(publishing: Promise<boolean> | undefined): Promise<boolean> {
  const result = publishing && (await withTimeoutOrUndefined(publishing, PUBLISH_TIMEOUT_MS));
  return result?.value ?? false;
}
