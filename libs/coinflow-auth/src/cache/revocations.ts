import { CoinflowSessionRevokedError } from '../errors/coinflow-auth.errors.js';
import type { CoinflowTime } from '../http/clock-skew.js';
import type { SessionClaims } from '../session/claims.js';
import { subjectName, type CoinflowSubject } from '../session/subject.js';
import type { SessionEnds } from './session-ends.js';
import { ExpiringMap, untilExpiry, type Lifetime } from './expiring-map.js';

/** For keys and for users each. Beyond it the oldest is forgotten, and its keys can authenticate again. */
const MAX_REVOCATIONS = 1_000_000;
const OVERFLOW = `More than ${MAX_REVOCATIONS} revocations: the oldest are forgotten`;
/** The revocation of a user covers keys whose expiry is not known here. */
const WITHOUT_END: Lifetime = { endsAt: Infinity, expiresAtMs: Infinity };

/** The revocation of all keys of a user that Coinflow created up to a moment. */
export interface SubjectRevocation {
  /** By the clock of the replica that revoked, in milliseconds since 1970. */
  readonly revokedAtMs: number;
  /** The last second, by Coinflow's clock, whose keys are revoked; `undefined` while Coinflow's clock is not known. */
  readonly cutOff: number | undefined;
}

interface KnownSubjectRevocation {
  readonly revokedAtMs: number;
  /** The same moment by the monotonic clock: a correction of the machine's clock must not move it. */
  readonly revokedAt: number;
  cutOff: number | undefined;
}

/** The keys and users that the application has revoked. Their keys are rejected even if Coinflow accepts them. */
export class Revocations {
  readonly #clock: CoinflowTime;
  readonly #ends: SessionEnds;
  readonly #keys = new ExpiringMap<true>(MAX_REVOCATIONS, OVERFLOW);
  readonly #subjects = new ExpiringMap<KnownSubjectRevocation>(MAX_REVOCATIONS, OVERFLOW);

  constructor(clock: CoinflowTime, ends: SessionEnds) {
    this.#clock = clock;
    this.#ends = ends;
  }

  get size(): { revokedKeys: number; revokedSubjects: number } {
    return { revokedKeys: this.#keys.size, revokedSubjects: this.#subjects.size };
  }

  /** @param expiresAtMs when the key expires, in milliseconds since 1970 */
  revokeKey(id: string, expiresAtMs: number): void {
    this.#keys.set(id, true, untilExpiry(expiresAtMs, this.#clock.now()));
    this.#ends.end(id, new CoinflowSessionRevokedError());
  }

  hasKey(id: string): boolean {
    return this.#keys.has(id);
  }

  /** Revokes every session key of the user that Coinflow has created until now. */
  revokeSubject(subject: CoinflowSubject): SubjectRevocation {
    const name = subjectName(subject);
    const revocation = { revokedAtMs: Date.now(), revokedAt: performance.now(), cutOff: undefined };
    this.#add(name, revocation);
    const { revokedAtMs, cutOff } = this.#subjects.get(name) ?? revocation;
    return { revokedAtMs, cutOff };
  }

  /** Another replica has revoked a user's keys. A revocation that covers less than an earlier one changes nothing. */
  revokeSubjectAsOf(name: string, { revokedAtMs, cutOff }: SubjectRevocation): void {
    this.#add(name, { revokedAtMs, revokedAt: performance.now() - (Date.now() - revokedAtMs), cutOff });
  }

  /** Whether the user's keys are revoked up to a moment, and this key is not shown to be younger. */
  covers({ subject, issuedAt }: SessionClaims): boolean {
    if (this.#subjects.size === 0 || subject === null) return false;
    const cutOff = this.cutOffOf(subject);
    return cutOff !== undefined && (issuedAt === null || issuedAt <= cutOff);
  }

  /** The last second, since 1970 and by Coinflow's clock, whose keys of this user are revoked. */
  cutOffOf(subject: CoinflowSubject): number | undefined {
    const revocation = this.#subjects.get(subjectName(subject));
    return revocation && this.#cutOffOf(revocation);
  }

  #add(name: string, revocation: KnownSubjectRevocation): void {
    const known = this.#subjects.get(name);
    // Compared by Coinflow's clock, which all replicas have in common: a replica's own clock may be behind.
    if (known && this.#cutOffOf(known) >= this.#cutOffOf(revocation)) return;
    this.#subjects.set(name, revocation, WITHOUT_END);
    this.#ends.endOf(name, (claims) => this.covers(claims), new CoinflowSessionRevokedError());
  }

  /** Fixed as soon as Coinflow's clock is known: a later correction of it must not make a revoked key valid again. */
  #cutOffOf(revocation: KnownSubjectRevocation): number {
    if (revocation.cutOff !== undefined) return revocation.cutOff;
    const latest = this.#clock.latest();
    if (latest === undefined) return Math.ceil(revocation.revokedAtMs / 1_000);
    // The latest moment that is possible, rounded up, so that a key which Coinflow created within this second is covered.
    revocation.cutOff = Math.ceil((latest - (performance.now() - revocation.revokedAt)) / 1_000);
    return revocation.cutOff;
  }
}
