import { LRUCache } from 'lru-cache';
import type { CoinflowTime } from '../http/clock-skew.js';
import type { CoinflowSession, SessionKeyAttestor } from '../session/coinflow-session.js';
import { readPresented } from '../session/session-key.js';
import { sessionOf, type CachedSession } from './cached-session.js';
import { Rejections, type Rejection } from './rejections.js';
import type { SessionEnds } from './session-ends.js';
import type { Revocations } from './revocations.js';

/** Shorter than what the engine stores as a reference to the whole string. */
const END_LENGTH = 12;

/** A cached key: what is known of it, and the session that all requests with the key get. */
export interface CacheEntry extends CachedSession {
  readonly id: string;
  /** The key as requests carry it, plain or attested. */
  readonly text: string;
  readonly session: CoinflowSession;
}

/**
 * The cache of this process: verified sessions, and the keys that Coinflow has rejected. A rejected or revoked key has no
 * session here, so that a hit needs one lookup.
 *
 * A session is found by the text that requests carry: the attested key, or the plain one until a request carries the attested
 * one. To hash the key would be the largest part of the time that a hit takes, so the map is keyed by the end of the text, which
 * belongs to a signature, and then the texts are compared. A text leaves this memory when its key is revoked, rejected or
 * displaced. Everything else is stored by the key's id, which is a SHA-256.
 */
export class SessionCache {
  /** By the end of the text; by the whole text if another one with this end was there first. */
  readonly #sessions: LRUCache<string, CacheEntry>;
  /** Where `#sessions` has the session of a key, by the key's id. */
  readonly #places = new Map<string, string>();
  readonly #rejections: Rejections;
  readonly #revocations: Revocations;
  readonly #attestor: SessionKeyAttestor;

  constructor(
    maxEntries: number,
    clock: CoinflowTime,
    revocations: Revocations,
    attestor: SessionKeyAttestor,
    ends: SessionEnds,
  ) {
    const dispose = ({ id }: CacheEntry): void => void this.#places.delete(id);
    this.#sessions = new LRUCache({ max: maxEntries, dispose });
    this.#rejections = new Rejections(clock, ends);
    this.#revocations = revocations;
    this.#attestor = attestor;
  }

  get size(): { sessions: number; invalidated: number; rejected: number } {
    const { known, new: rejected } = this.#rejections.size;
    return { sessions: this.#sessions.size, invalidated: known, rejected };
  }

  /**
   * The session that requests with this text have got; its verification may have ended since.
   * @param presented a session key, plain or attested, that was not validated
   */
  find(presented: string): CacheEntry | undefined {
    const first = this.#sessions.get(presented.slice(-END_LENGTH));
    if (first?.text === presented) return first;
    const other = this.#sessions.get(presented);
    return other?.text === presented ? other : undefined;
  }

  /** The session of a key that was verified or attested, whichever form of it requests carry; its verification may have ended since. */
  get(id: string): CacheEntry | undefined {
    const place = this.#places.get(id);
    return place === undefined ? undefined : this.#sessions.get(place);
  }

  /** The rejection of a key that Coinflow has not accepted since. */
  getRejection(id: string): Rejection | undefined {
    return this.#rejections.get(id);
  }

  /**
   * Caches a verified session, unless the key is revoked, or Coinflow has rejected it since the verification began. It is the
   * only way into the cache, so that a hit needs to check neither.
   * @param key must have a valid format
   * @returns whether it is cached
   */
  set(id: string, key: string, known: CachedSession): boolean {
    if (this.#revocations.hasKey(id)) return false;
    const rejection = this.#rejections.get(id);
    if (rejection && known.verifiedAt < rejection.at) return false;
    this.#rejections.delete(id);
    this.#deleteSession(id);
    // A part of a header would keep the whole header in memory.
    const text = copyOf(known.attestedKey ?? key);
    const end = text.slice(-END_LENGTH);
    const place = this.#sessions.has(end) ? text : end;
    this.#sessions.set(place, cacheEntry(id, text, known, sessionOf(readPresented(text).key, known, this.#attestor)));
    this.#places.set(id, place);
    return true;
  }

  /**
   * Revokes a key, and deletes what is cached about it, rejections included.
   * @param expiresAtMs when the key expires, in milliseconds since 1970
   */
  revoke(id: string, expiresAtMs: number): void {
    this.#deleteSession(id);
    this.#rejections.delete(id);
    this.#revocations.revokeKey(id, expiresAtMs);
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
    const place = this.#places.get(id);
    if (place === undefined) return undefined;
    const known = this.#sessions.peek(place);
    this.#sessions.delete(place);
    return known;
  }
}

/** Lists every property, as `cachedSession()` does. Those that a hit reads come first, so that they share a cache line. */
function cacheEntry(id: string, text: string, known: CachedSession, session: CoinflowSession): CacheEntry {
  const { subject, merchantId, issuedAt, expiresAt, verifiedAt, validUntil, createdUntil } = known;
  const attestedKey = known.attestedKey && text;
  return {
    text,
    validUntil,
    verifiedAt,
    expiresAt,
    merchantId,
    session,
    subject,
    id,
    attestedKey,
    issuedAt,
    createdUntil,
  };
}

function copyOf(key: string): string {
  return Buffer.from(key, 'latin1').toString('latin1');
}
