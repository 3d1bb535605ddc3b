import { readClaims } from '../session/claims.js';
import { assertSessionKeyShape, readPresented } from '../session/session-key.js';
import type { CoinflowSubject } from '../session/subject.js';
import { EXPIRY_TOLERANCE_MS } from './session-verifier.js';
import type { SharedSessions } from './shared/shared-sessions.js';
import type { Revocations } from './storage/revocations.js';
import { sessionKeyId, type SessionMemory } from './storage/session-memory.js';

/** Ends sessions, whoever calls their keys valid from now on. */
export class SessionRevoker {
  readonly #memory: SessionMemory;
  readonly #revocations: Revocations;
  readonly #shared: SharedSessions | undefined;

  constructor(memory: SessionMemory, revocations: Revocations, shared?: SharedSessions) {
    this.#memory = memory;
    this.#revocations = revocations;
    this.#shared = shared;
  }

  /** One session key, plain or attested: from now until it expires. */
  revokeKey(presented: string): void {
    const { key, tag } = readPresented(presented);
    assertSessionKeyShape({ key, tag });
    const id = sessionKeyId(key);
    const expiresAt = (this.#memory.recall(id) ?? readClaims(key))?.expiresAt ?? null;
    // What is in memory is not revoked, so that a hit need not look twice.
    this.#memory.forget(id);
    this.#shared?.forget(id);
    this.#revocations.revokeKey(id, expiresAt === null ? Infinity : expiresAt * 1_000 + EXPIRY_TOLERANCE_MS);
  }

  /** Every session key that Coinflow has made for this payer until now. */
  revokeSubject(subject: CoinflowSubject): void {
    this.#revocations.revokeSubject(subject);
  }
}
