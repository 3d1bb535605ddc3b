import type { CoinflowTime } from '../http/clock-skew.js';
import { ExpiringMap, forADay, untilExpiry, type Lifetime } from './expiring-map.js';
import { isKnown, isProven, remembered, type RememberedSession } from './remembered-session.js';

/** For how long a rejection is repeated without a call: long enough to answer a client that insists. */
const NEGATIVE_TTL_MS = 30_000;
/** Of known keys, and of new ones. */
const MAX_REJECTIONS = 100_000;
const OVERFLOW = `More than ${MAX_REJECTIONS} rejections by Coinflow: the oldest are forgotten`;

/** Coinflow has rejected a key. Every older verification of it is void, and so is its tag: Coinflow must be asked again. */
export interface Rejection {
  /** What was known of a key that was verified or attested before. */
  readonly session: RememberedSession | undefined;
  /** When Coinflow's answer had arrived, by the monotonic clock: only a verification that began later is newer. */
  readonly at: number;
  /** Until when, by the monotonic clock, the rejection is repeated without a call. */
  readonly repeatedUntil: number;
}

/**
 * Coinflow's rejections. Those of new keys are kept apart: whoever sends invalid keys must not displace the rejection of a
 * key that a tag, or another replica's cache, would let in again.
 */
export class Rejections {
  readonly #clock: CoinflowTime;
  readonly #known = new ExpiringMap<Rejection>(MAX_REJECTIONS, OVERFLOW);
  readonly #new = new ExpiringMap<Rejection>(MAX_REJECTIONS, OVERFLOW);

  constructor(clock: CoinflowTime) {
    this.#clock = clock;
  }

  get size(): { known: number; new: number } {
    return { known: this.#known.size, new: this.#new.size };
  }

  find(id: string): Rejection | undefined {
    return this.#known.get(id) ?? this.#new.get(id);
  }

  /** Coinflow has rejected the key just now. */
  add(id: string, session: RememberedSession): void {
    const at = performance.now();
    const repeatedUntil = isProven(session, Infinity) ? -Infinity : at + NEGATIVE_TTL_MS;
    this.#set(id, session, { at, repeatedUntil });
  }

  /** Another replica was told so. Whatever was verified here before this moment may be older. */
  addForeign(id: string, known: RememberedSession | undefined, isKnownElsewhere: boolean, untilMs: number): void {
    const before = this.find(id);
    const session = known ?? before?.session;
    const moment = { at: performance.now(), repeatedUntil: before?.repeatedUntil ?? -Infinity };
    if (session) this.#set(id, session, moment);
    else if (isKnownElsewhere) this.#setKnown(id, { session, ...moment }, untilExpiry(untilMs, this.#clock.now()));
    else this.#new.set(id, { session, ...moment }, forADay());
  }

  /** A request has carried the tag of a rejected key, so it is a known one from now on. */
  attest(id: string, session: RememberedSession, rejection: Rejection): void {
    this.#set(id, session, rejection);
  }

  delete(id: string): void {
    this.#known.delete(id);
    this.#new.delete(id);
  }

  #set(id: string, session: RememberedSession, { at, repeatedUntil }: Omit<Rejection, 'session'>): void {
    // Of a new key nothing is known but what it says, and that is read again.
    const known = isKnown(session) ? remembered(session, { ...session, holdsMs: 0 }) : undefined;
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
