import type { CoinflowTime } from '../http/clock-skew.js';
import type { SessionClaims } from '../session/claims.js';
import { subjectName, type CoinflowSubject } from '../session/subject.js';
import { ExpiringMap, untilExpiry, type Lifetime } from './expiring-map.js';

/** Of each kind. Beyond it the oldest is forgotten: its keys may authenticate again. */
const MAX_REVOCATIONS = 1_000_000;
const OVERFLOW = `More than ${MAX_REVOCATIONS} revocations: the oldest are forgotten`;
/** Nobody knows when the last key expires that the revocation of a user covers. */
const FOR_EVER: Lifetime = { endsAt: Infinity, expiresAtMs: Infinity };

/** All keys of a user that Coinflow has created until a moment are revoked. */
export interface SubjectRevocation {
  /** By the clock of the replica that revoked, in milliseconds since 1970. */
  readonly revokedAtMs: number;
  /** The last second, by Coinflow's clock, whose keys are revoked; `undefined` where Coinflow's clock is not known yet. */
  readonly cutOff: number | undefined;
}

interface KnownSubjectRevocation {
  readonly revokedAtMs: number;
  /** The same moment by the monotonic clock: a correction of the machine's clock must not move it. */
  readonly revokedAt: number;
  cutOff: number | undefined;
}

/** What this process has been told to reject, whoever accepts it. */
export class Revocations {
  readonly #clock: CoinflowTime;
  readonly #keys = new ExpiringMap<true>(MAX_REVOCATIONS, OVERFLOW);
  readonly #subjects = new ExpiringMap<KnownSubjectRevocation>(MAX_REVOCATIONS, OVERFLOW);

  constructor(clock: CoinflowTime) {
    this.#clock = clock;
  }

  get size(): { revokedKeys: number; revokedSubjects: number } {
    return { revokedKeys: this.#keys.size, revokedSubjects: this.#subjects.size };
  }

  /** @param expiresAtMs when the key has expired anyway, in milliseconds since 1970 */
  revokeKey(id: string, expiresAtMs: number): void {
    this.#keys.set(id, true, untilExpiry(expiresAtMs, this.#clock.now()));
  }

  hasKey(id: string): boolean {
    return this.#keys.has(id);
  }

  /** Covers every session key of this user that Coinflow has created until now. */
  revokeSubject(subject: CoinflowSubject): SubjectRevocation {
    const name = subjectName(subject);
    const known = { revokedAtMs: Date.now(), revokedAt: performance.now(), cutOff: undefined };
    this.#add(name, known);
    const { revokedAtMs, cutOff } = this.#subjects.get(name) ?? known;
    return { revokedAtMs, cutOff };
  }

  /** Another replica has revoked, at a moment of its own; what covers less than is covered already changes nothing. */
  revokeSubjectAsOf(name: string, { revokedAtMs, cutOff }: SubjectRevocation): void {
    this.#add(name, { revokedAtMs, revokedAt: performance.now() - (Date.now() - revokedAtMs), cutOff });
  }

  /** Whether a user's keys are revoked as of a moment, and this one is not shown to be younger. */
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
    // Compared by Coinflow's clock, which all replicas have in common: the clock of one may be behind.
    if (known && this.#cutOffOf(known) >= this.#cutOffOf(revocation)) return;
    this.#subjects.set(name, revocation, FOR_EVER);
  }

  /** Fixed as soon as Coinflow's clock is known: what is learned of it later must not bring a session back. */
  #cutOffOf(revocation: KnownSubjectRevocation): number {
    if (revocation.cutOff !== undefined) return revocation.cutOff;
    const latest = this.#clock.latest();
    if (latest === undefined) return Math.ceil(revocation.revokedAtMs / 1_000);
    // The latest that it can have been, and rounded up: a key that Coinflow created within this second is covered.
    revocation.cutOff = Math.ceil((latest - (performance.now() - revocation.revokedAt)) / 1_000);
    return revocation.cutOff;
  }
}
