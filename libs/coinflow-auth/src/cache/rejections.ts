import { CoinflowSessionRejectedError } from '../errors/coinflow-auth.errors.js';
import type { CoinflowTime } from '../http/clock-skew.js';
import { cachedSession, isKnown, type CachedSession } from './cached-session.js';
import type { SessionEnds } from './session-ends.js';
import { ExpiringMap, forADay, untilExpiry, type Lifetime } from './expiring-map.js';

/** How long a rejection is repeated without a call. It is the time to live of the negative cache. */
const NEGATIVE_TTL_MS = 30_000;
/** For known keys and for new keys each. */
const MAX_REJECTIONS = 100_000;
const OVERFLOW = `More than ${MAX_REJECTIONS} rejections by Coinflow: the oldest are forgotten`;

/** Coinflow has rejected a key. Earlier verifications and the tag of the key no longer count: Coinflow must be asked again. */
export interface Rejection {
  /** What is known of a key that was verified or attested before; its verification is invalidated. */
  readonly session: CachedSession | undefined;
  /** When Coinflow's response arrived, by the monotonic clock. A verification that began before is older. */
  readonly at: number;
  /** Until when, by the monotonic clock, requests with the key are rejected without a call. */
  readonly repeatedUntil: number;
}

/**
 * The keys that Coinflow has rejected and not accepted since. Those of new keys have a bound of their own: a client that
 * sends invalid keys must not displace the rejection of a known key, which a tag or a shared cache would accept again.
 */
export class Rejections {
  readonly #clock: CoinflowTime;
  readonly #ends: SessionEnds;
  readonly #known = new ExpiringMap<Rejection>(MAX_REJECTIONS, OVERFLOW);
  readonly #new = new ExpiringMap<Rejection>(MAX_REJECTIONS, OVERFLOW);

  constructor(clock: CoinflowTime, ends: SessionEnds) {
    this.#clock = clock;
    this.#ends = ends;
  }

  get size(): { known: number; new: number } {
    return { known: this.#known.size, new: this.#new.size };
  }

  get(id: string): Rejection | undefined {
    return this.#known.get(id) ?? this.#new.get(id);
  }

  /** Coinflow has just rejected the key: requests are rejected without a call for a while. */
  reject(id: string, session: CachedSession): void {
    const at = performance.now();
    this.#set(id, session, { at, repeatedUntil: at + NEGATIVE_TTL_MS });
    this.#ends.end(id, rejected());
  }

  /** Coinflow has just rejected the key: the next request asks again. */
  invalidate(id: string, session: CachedSession): void {
    this.#set(id, session, { at: performance.now(), repeatedUntil: -Infinity });
    this.#ends.end(id, rejected());
  }

  /**
   * Another replica was told of a rejection. It arrives now, so that it is newer than every verification that began before.
   * @param session what this replica knows of the key
   * @param isKnownElsewhere whether the key was verified or attested on the other replica
   * @param untilMs when the key expires, in milliseconds since 1970
   */
  rejectedElsewhere(id: string, session: CachedSession | undefined, isKnownElsewhere: boolean, untilMs: number): void {
    const earlier = this.get(id);
    const known = session ?? earlier?.session;
    const moments = { at: performance.now(), repeatedUntil: earlier?.repeatedUntil ?? -Infinity };
    if (known) this.#set(id, known, moments);
    else if (isKnownElsewhere)
      this.#setKnown(id, { session: known, ...moments }, untilExpiry(untilMs, this.#clock.now()));
    else this.#new.set(id, { session: known, ...moments }, forADay());
    this.#ends.end(id, rejected());
  }

  /** A request has carried the tag of a rejected key, so that it is a known key from now on. */
  attest(id: string, session: CachedSession, rejection: Rejection): void {
    this.#set(id, session, rejection);
  }

  delete(id: string): void {
    this.#known.delete(id);
    this.#new.delete(id);
  }

  #set(id: string, session: CachedSession, { at, repeatedUntil }: Omit<Rejection, 'session'>): void {
    // Of a new key only the claims are known, and they can be read again. The text of a rejected key is not kept.
    const invalidated = { ...session, validUntil: -Infinity, attestedKey: undefined };
    const known = isKnown(session) ? cachedSession(session, invalidated) : undefined;
    const rejection = { session: known, at, repeatedUntil };
    if (!known && !this.#known.has(id)) return this.#new.set(id, rejection, forADay());
    const { expiresAt } = session;
    const lifetime = expiresAt === null ? forADay() : untilExpiry(expiresAt * 1_000, this.#clock.now());
    this.#setKnown(id, rejection, lifetime);
  }

  #setKnown(id: string, rejection: Rejection, lifetime: Lifetime): void {
    this.#new.delete(id);
    this.#known.set(id, rejection, lifetime);
  }
}

/** The error of a session that ends because Coinflow has rejected its key. */
export function rejected(): CoinflowSessionRejectedError {
  return new CoinflowSessionRejectedError('Coinflow has rejected the session key', { reason: 'rejected' });
}
