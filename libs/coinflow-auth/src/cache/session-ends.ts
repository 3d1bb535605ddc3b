import { Logger } from '@nestjs/common';
import { CoinflowSessionKeyExpiredError, type CoinflowAuthError } from '../errors/coinflow-auth.errors.js';
import { expiryOf, type SessionClaims } from '../session/claims.js';
import { subjectName } from '../session/subject.js';
import { safeText } from '../util/secrets.js';

/** The longest delay of a timer in Node. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** Is called once, with the reason why a session has ended. */
export type SessionEndListener = (reason: CoinflowAuthError) => void;

interface WatchedSession {
  /** The name of its subject: that of a wallet takes a while to compute. */
  readonly subject: string | undefined;
  readonly claims: SessionClaims;
  readonly listeners: Set<SessionEndListener>;
  timer: NodeJS.Timeout | undefined;
}

/**
 * Notifies those who watch a session when it expires, is revoked or is rejected by Coinflow. Only watched sessions are here, and
 * only they have a timer, one for each key.
 */
export class SessionEnds {
  readonly #logger = new Logger('CoinflowAuth');
  /** By the key's id. */
  readonly #watched = new Map<string, WatchedSession>();

  get size(): number {
    return this.#watched.size;
  }

  /**
   * Watches a session that has not ended.
   * @returns a function that stops watching
   */
  watch(id: string, claims: SessionClaims, listener: SessionEndListener): () => void {
    const session = this.#watched.get(id) ?? newSession(claims);
    // Each call has its own entry, even if two pass the same function.
    const own: SessionEndListener = (reason) => listener(reason);
    session.listeners.add(own);
    if (session.listeners.size === 1) {
      this.#watched.set(id, session);
      this.#awaitExpiry(id, session);
    }
    return () => {
      if (session.listeners.delete(own) && session.listeners.size === 0) this.#forget(id, session);
    };
  }

  /** The session of this key has ended. */
  end(id: string, reason: CoinflowAuthError): void {
    const session = this.#watched.get(id);
    if (!session) return;
    this.#forget(id, session);
    // A listener may stop another one, or watch again.
    for (const listener of Array.from(session.listeners)) {
      if (session.listeners.delete(listener)) this.#notify(listener, reason);
    }
  }

  /** The sessions of a user have ended, except those that `hasEnded` spares. */
  endOf(subject: string, hasEnded: (claims: SessionClaims) => boolean, reason: CoinflowAuthError): void {
    // A listener may watch again, so that none is called before all are found.
    const ended: string[] = [];
    for (const [id, session] of this.#watched) {
      if (session.subject === subject && hasEnded(session.claims)) ended.push(id);
    }
    for (const id of ended) this.end(id, reason);
  }

  /** A listener is the application's code: an exception must reach neither the revocation nor the other listeners. */
  #notify(listener: SessionEndListener, reason: CoinflowAuthError): void {
    try {
      listener(reason);
    } catch (error) {
      this.#logger.error(`A connection could not be ended with its session: ${safeText(String(error), [])}`);
    }
  }

  /** The clock of the machine decides, as it does for requests. It may have been corrected since the timer was set. */
  #awaitExpiry(id: string, session: WatchedSession): void {
    const remainingMs = expiryOf(session.claims) - Date.now();
    if (remainingMs === Infinity) return;
    if (remainingMs <= 0) return this.end(id, new CoinflowSessionKeyExpiredError());
    session.timer = setTimeout(() => this.#awaitExpiry(id, session), Math.min(remainingMs, MAX_DELAY_MS));
    session.timer.unref();
  }

  #forget(id: string, session: WatchedSession): void {
    clearTimeout(session.timer);
    if (this.#watched.get(id) === session) this.#watched.delete(id);
  }
}

function newSession(claims: SessionClaims): WatchedSession {
  const { subject } = claims;
  return { subject: subject ? subjectName(subject) : undefined, claims, listeners: new Set(), timer: undefined };
}
