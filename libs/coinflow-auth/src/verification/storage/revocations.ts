import { Logger } from '@nestjs/common';
import type { UpstreamTime } from '../../client/upstream-clock.js';
import type { SessionClaims } from '../../session/claims.js';
import { subjectName, type CoinflowSubject } from '../../session/subject.js';

/** More than one, so that what expires goes faster than new revocations come. */
const SWEPT_AT_ONCE = 4;
/** Of each kind. Beyond it the oldest is forgotten, which is an error in the log: its keys may come back to life. */
const MAX_REVOCATIONS = 1_000_000;

/** All keys of a payer that Coinflow has made until a moment are revoked. */
export interface SubjectRevocation {
  /** By our own clock, in milliseconds since 1970. */
  readonly revokedAtMs: number;
  /** The last second, by Coinflow's clock, whose keys are revoked; fixed once Coinflow's clock is known. */
  cutOff: number | undefined;
}

/** What this process has been told to let in no more, whoever proves it. */
export class Revocations {
  readonly #logger = new Logger('CoinflowAuth');
  readonly #clock: UpstreamTime;
  /** A session key's id, and when it has expired anyway (in milliseconds since 1970). Oldest first. */
  readonly #keys = new Map<string, number>();
  /** Where the sweep is; a map's iterator bears deletions and insertions. */
  #broom = this.#keys.entries();
  readonly #subjects = new Map<string, SubjectRevocation>();
  #hasForgotten = false;

  constructor(clock: UpstreamTime) {
    this.#clock = clock;
  }

  get size(): { revokedKeys: number; revokedSubjects: number } {
    return { revokedKeys: this.#keys.size, revokedSubjects: this.#subjects.size };
  }

  revokeKey(id: string, untilMs: number): void {
    this.#sweep();
    this.#put(this.#keys, id, untilMs);
  }

  hasKey(id: string): boolean {
    return this.#keys.has(id);
  }

  /** Covers every session key of this payer that Coinflow has made until now. */
  revokeSubject(subject: CoinflowSubject): SubjectRevocation {
    const revocation = { revokedAtMs: Date.now(), cutOff: undefined };
    this.#put(this.#subjects, subjectName(subject), revocation);
    this.cutOffOf(subject);
    return revocation;
  }

  /** Another instance has revoked, at a moment of its own; an earlier one changes nothing. */
  revokeSubjectAsOf(name: string, revocation: SubjectRevocation): void {
    const known = this.#subjects.get(name);
    if (!known || known.revokedAtMs < revocation.revokedAtMs) this.#put(this.#subjects, name, { ...revocation });
  }

  /** Whether a payer's keys are revoked as of a moment, and this one is not proven to be younger. */
  covers({ subject, issuedAt }: SessionClaims): boolean {
    if (this.#subjects.size === 0 || subject === null) return false;
    const cutOff = this.cutOffOf(subject);
    return cutOff !== undefined && (issuedAt === null || issuedAt <= cutOff);
  }

  /** The last second, since 1970 and by Coinflow's clock, whose keys of this payer are revoked. */
  cutOffOf(subject: CoinflowSubject): number | undefined {
    const revocation = this.#subjects.get(subjectName(subject));
    if (!revocation) return undefined;
    if (revocation.cutOff !== undefined) return revocation.cutOff;
    const { skewMs } = this.#clock;
    // Rounded up: a key that Coinflow made within this very second must not survive.
    const cutOff = Math.ceil((revocation.revokedAtMs + (skewMs ?? 0)) / 1_000);
    if (skewMs !== undefined) revocation.cutOff = cutOff;
    return cutOff;
  }

  /** A few steps at each revocation, round and round: what has expired goes, wherever it stands. */
  #sweep(): void {
    for (let step = 0; step < SWEPT_AT_ONCE; step += 1) {
      const { value, done } = this.#broom.next();
      if (done) this.#broom = this.#keys.entries();
      else if (value[1] <= Date.now()) this.#keys.delete(value[0]);
    }
  }

  #put<V>(map: Map<string, V>, name: string, value: V): void {
    map.delete(name);
    map.set(name, value);
    if (map.size <= MAX_REVOCATIONS) return;
    const [oldest] = map.keys();
    map.delete(oldest ?? name);
    if (!this.#hasForgotten) this.#logger.error(`More than ${MAX_REVOCATIONS} revocations: the oldest are forgotten`);
    this.#hasForgotten = true;
  }
}
