import type { CoinflowTime } from '../http/clock-skew.js';
import type { CachedSession } from './cached-session.js';
import { Rejections, type Rejection } from './rejections.js';
import { SessionTable } from './session-table.js';

/**
 * The cache of this process: verified sessions, and the keys that Coinflow has rejected. A rejected key has no session here,
 * so that a hit needs one lookup.
 */
export class SessionCache {
  readonly #sessions: SessionTable<CachedSession>;
  readonly #rejections: Rejections;

  constructor(maxEntries: number, clock: CoinflowTime) {
    this.#sessions = new SessionTable(maxEntries);
    this.#rejections = new Rejections(clock);
  }

  get size(): { sessions: number; invalidated: number; rejected: number } {
    const { known, new: rejected } = this.#rejections.size;
    return { sessions: this.#sessions.size, invalidated: known, rejected };
  }

  /** The session of a key that was verified or attested; its verification may have ended since. */
  get(id: string): CachedSession | undefined {
    return this.#sessions.get(id);
  }

  /** The rejection of a key that Coinflow has not accepted since. */
  getRejection(id: string): Rejection | undefined {
    return this.#rejections.get(id);
  }

  /**
   * Caches a verified session, unless Coinflow has rejected the key since the verification began.
   * @returns whether it is cached
   */
  set(id: string, session: CachedSession): boolean {
    const rejection = this.#rejections.get(id);
    if (rejection && session.verifiedAt < rejection.at) return false;
    this.#rejections.delete(id);
    this.#sessions.set(id, session);
    return true;
  }

  /** Deletes what is cached about a key, rejections included. */
  delete(id: string): void {
    this.#sessions.delete(id);
    this.#rejections.delete(id);
  }

  /** Coinflow has rejected a key: requests with it are rejected without a call for 30 s. */
  reject(id: string, session: CachedSession): void {
    this.#sessions.delete(id);
    this.#rejections.reject(id, session);
  }

  /** Coinflow has rejected a key: its verification no longer counts, and the next request asks Coinflow again. */
  invalidate(id: string, session: CachedSession): void {
    this.#sessions.delete(id);
    this.#rejections.invalidate(id, session);
  }

  /** Another replica has seen Coinflow reject a key: see {@link Rejections.rejectedElsewhere}. */
  invalidateFromElsewhere(id: string, isKnownElsewhere: boolean, untilMs: number): void {
    this.#rejections.rejectedElsewhere(id, this.#sessions.get(id), isKnownElsewhere, untilMs);
    this.#sessions.delete(id);
  }

  /** A request has carried the tag of a rejected key: what is known of the key is kept with the rejection. */
  attestRejected(id: string, session: CachedSession, rejection: Rejection): void {
    this.#rejections.attest(id, session, rejection);
  }
}
