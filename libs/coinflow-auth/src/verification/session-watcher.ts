import { sessionKeyId } from '../cache/cached-session.js';
import { rejected } from '../cache/rejections.js';
import type { Revocations } from '../cache/revocations.js';
import type { SessionCache } from '../cache/session-cache.js';
import type { SessionEndListener, SessionEnds } from '../cache/session-ends.js';
import {
  CoinflowSessionKeyExpiredError,
  CoinflowSessionRevokedError,
  type AnyCoinflowAuthError,
} from '../errors/coinflow-auth.errors.js';
import { expiryOf, type SessionClaims } from '../session/claims.js';
import type { CoinflowSession } from '../session/coinflow-session.js';

/** Returns why a session has ended; `undefined` if it has not. */
export type EndCheck = () => AnyCoinflowAuthError | undefined;

/** Where it is known that a session has ended. */
interface WatcherParts {
  readonly cache: Pick<SessionCache, 'getRejection'>;
  readonly revocations: Revocations;
  readonly ends: SessionEnds;
}

/** Watches sessions for what outlives a request. It never asks Coinflow. */
export class SessionWatcher {
  readonly #parts: WatcherParts;

  constructor(parts: WatcherParts) {
    this.#parts = parts;
  }

  /** How many session keys are watched. */
  get size(): number {
    return this.#parts.ends.size;
  }

  /**
   * Calls the listener once, when the session ends: when it expires, is revoked, or another request finds that Coinflow rejects
   * its key. If it has ended already, the listener is called at once.
   * @returns a function that stops watching
   */
  watch(session: CoinflowSession, listener: SessionEndListener): () => void {
    const id = sessionKeyId(session.key);
    const claims = claimsOf(session);
    const reason = this.#reasonOf(id, claims);
    if (!reason) return this.#parts.ends.watch(id, claims, listener);
    listener(reason);
    return () => undefined;
  }

  /** @returns a function for several checks: it returns why the session has ended, and `undefined` if it has not */
  checkOf(session: CoinflowSession): EndCheck {
    const id = sessionKeyId(session.key);
    const claims = claimsOf(session);
    return () => this.#reasonOf(id, claims);
  }

  #reasonOf(id: string, claims: SessionClaims): AnyCoinflowAuthError | undefined {
    const { cache, revocations } = this.#parts;
    if (Date.now() >= expiryOf(claims)) return new CoinflowSessionKeyExpiredError();
    if (revocations.hasKey(id) || revocations.covers(claims)) return new CoinflowSessionRevokedError();
    return cache.getRejection(id) && rejected();
  }
}

function claimsOf({ subject, merchantId, issuedAt, expiresAt }: CoinflowSession): SessionClaims {
  return { subject, merchantId, issuedAt: toSeconds(issuedAt), expiresAt: toSeconds(expiresAt) };
}

function toSeconds(date: Date | null): number | null {
  return date && date.getTime() / 1_000;
}
