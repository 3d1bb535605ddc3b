import { readClaims } from '../session/claims.js';
import { assertSessionKeyShape, readPresented } from '../session/session-key.js';
import { subjectName, type CoinflowSubject } from '../session/subject.js';
import { EXPIRY_TOLERANCE_MS } from './session-verifier.js';
import type { SharedRevocations } from '../cache/shared-revocations.js';
import type { SharedSessions } from '../cache/shared-sessions.js';
import type { Revocations } from '../cache/revocations.js';
import { sessionKeyId } from '../cache/remembered-session.js';
import type { SessionCache } from '../cache/session-cache.js';

/** Ends sessions, whoever calls their keys valid from now on. */
export class SessionRevoker {
  readonly #memory: SessionCache;
  readonly #revocations: Revocations;
  readonly #shared: SharedSessions | undefined;
  readonly #others: SharedRevocations | undefined;

  constructor(memory: SessionCache, revocations: Revocations, shared?: SharedSessions, others?: SharedRevocations) {
    this.#memory = memory;
    this.#revocations = revocations;
    this.#shared = shared;
    this.#others = others;
  }

  /**
   * One session key, plain or attested: from now until it expires.
   * @returns whether the other instances are being told
   */
  async revokeKey(presented: string): Promise<boolean> {
    const { key, tag } = readPresented(presented);
    assertSessionKeyShape({ key, tag });
    const id = sessionKeyId(key);
    const { expiresAt } = this.#memory.recall(id) ?? readClaims(key);
    // What is in memory is not revoked, so that a hit need not look twice.
    this.#memory.forget(id);
    this.#shared?.forget(id);
    const untilMs = expiresAt === null ? Infinity : expiresAt * 1_000 + EXPIRY_TOLERANCE_MS;
    this.#revocations.revokeKey(id, untilMs);
    return (await this.#others?.publishKey(id, untilMs)) ?? false;
  }

  /**
   * Every session key that Coinflow has made for this payer until now.
   * @returns whether the other instances are being told
   */
  async revokeSubject(subject: CoinflowSubject): Promise<boolean> {
    const revocation = this.#revocations.revokeSubject(subject);
    return (await this.#others?.publishSubject(subjectName(subject), revocation)) ?? false;
  }
}
