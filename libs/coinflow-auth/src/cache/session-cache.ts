import { LRUCache } from 'lru-cache';
import type { CoinflowTime } from '../http/clock-skew.js';
import type { CoinflowSession, SessionKeyAttestor } from '../session/coinflow-session.js';
import { sessionOf, type CachedSession } from './cached-session.js';
import { Rejections, type Rejection } from './rejections.js';

/** A cached key: what is known of it, and the session that all requests with the key get. */
export interface CacheEntry extends CachedSession {
  readonly id: string;
  readonly session: CoinflowSession;
}

/**
 * The cache of this process: verified sessions, and the keys that Coinflow has rejected. A rejected or revoked key has no
 * session here, so that a hit needs one lookup.
 *
 * Sessions are found by the key itself: a hash of the key would be the largest part of the time that a hit takes. A key leaves
 * this memory when it is revoked, rejected or displaced. Everything else is stored by the key's id, which is a hash.
 */
export class SessionCache {
  readonly #sessions: LRUCache<string, CacheEntry>;
  /** The keys by their ids: other replicas revoke and reject by the id. */
  readonly #keys = new Map<string, string>();
  readonly #rejections: Rejections;
  readonly #attestor: SessionKeyAttestor;

  constructor(maxEntries: number, clock: CoinflowTime, attestor: SessionKeyAttestor) {
    const dispose = ({ id }: CacheEntry): void => void this.#keys.delete(id);
    this.#sessions = new LRUCache({ max: maxEntries, dispose, noDisposeOnSet: true });
    this.#rejections = new Rejections(clock);
    this.#attestor = attestor;
  }

  get size(): { sessions: number; invalidated: number; rejected: number } {
    const { known, new: rejected } = this.#rejections.size;
    return { sessions: this.#sessions.size, invalidated: known, rejected };
  }

  /** The session of a key that was verified or attested; its verification may have ended since. */
  get(key: string): CacheEntry | undefined {
    return this.#sessions.get(key);
  }

  /** The rejection of a key that Coinflow has not accepted since. */
  getRejection(id: string): Rejection | undefined {
    return this.#rejections.get(id);
  }

  /**
   * Caches a verified session, unless Coinflow has rejected the key since the verification began.
   * @param key must have a valid format
   * @returns whether it is cached
   */
  set(id: string, key: string, known: CachedSession): boolean {
    const rejection = this.#rejections.get(id);
    if (rejection && known.verifiedAt < rejection.at) return false;
    this.#rejections.delete(id);
    const ownKey = this.#keys.get(id) ?? copyOf(key);
    this.#sessions.set(ownKey, cacheEntry(id, known, sessionOf(ownKey, known, this.#attestor)));
    this.#keys.set(id, ownKey);
    return true;
  }

  /** Deletes what is cached about a key, rejections included. */
  delete(id: string): void {
    this.#deleteSession(id);
    this.#rejections.delete(id);
  }

  /** Coinflow has rejected a key: requests with it are rejected without a call for 30 s. */
  reject(id: string, known: CachedSession): void {
    this.#deleteSession(id);
    this.#rejections.reject(id, known);
  }

  /** Coinflow has rejected a key: its verification no longer counts, and the next request asks Coinflow again. */
  invalidate(id: string, known: CachedSession): void {
    this.#deleteSession(id);
    this.#rejections.invalidate(id, known);
  }

  /** Another replica has seen Coinflow reject a key: see {@link Rejections.rejectedElsewhere}. */
  invalidateFromElsewhere(id: string, isKnownElsewhere: boolean, untilMs: number): void {
    this.#rejections.rejectedElsewhere(id, this.#deleteSession(id), isKnownElsewhere, untilMs);
  }

  /** A request has carried the tag of a rejected key: what is known of the key is kept with the rejection. */
  attestRejected(id: string, known: CachedSession, rejection: Rejection): void {
    this.#rejections.attest(id, known, rejection);
  }

  /** @returns what was known of the key */
  #deleteSession(id: string): CachedSession | undefined {
    const key = this.#keys.get(id);
    if (key === undefined) return undefined;
    const known = this.#sessions.peek(key);
    this.#sessions.delete(key);
    return known;
  }
}

/** Lists every property, as `cachedSession()` does. */
function cacheEntry(id: string, known: CachedSession, session: CoinflowSession): CacheEntry {
  const { subject, merchantId, issuedAt, expiresAt, verifiedAt, validUntil, createdUntil, tag } = known;
  return { id, session, subject, merchantId, issuedAt, expiresAt, verifiedAt, validUntil, createdUntil, tag };
}

/** The part of a header would keep the whole header in memory. */
function copyOf(key: string): string {
  return Buffer.from(key, 'latin1').toString('latin1');
}
