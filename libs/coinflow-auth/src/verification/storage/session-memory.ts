import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { SessionClaims } from '../../session/claims.js';

/** For how long Coinflow's no to an unknown key is remembered: long enough to answer a client that insists. */
const REFUSAL_TTL_MS = 30_000;
const MAX_REFUSALS = 10_000;
const MAX_DOUBTS = 10_000;

/**
 * What is known of a session key, and for how long. Times are monotonic (`performance.now()`), in milliseconds. One flat
 * object of small parts: there may be a million of them.
 */
export interface RememberedSession extends SessionClaims {
  /** Until when it counts that this application obtained the key itself, so that the key need not say whose it is. */
  readonly mintedUntil: number;
  /** When the call that proved it began. */
  readonly provenAt: number;
  /** Until when the proof holds; in the past once Coinflow has taken it back. */
  readonly provenUntil: number;
  /** Our tag over the key, once a request has carried it. */
  readonly tag: string | undefined;
}

/** How a session key was proven, and how long that counts: see {@link RememberedSession}. */
export type SessionProof = Pick<RememberedSession, 'mintedUntil' | 'provenAt' | 'provenUntil'> & {
  readonly tag?: string;
};

/** Written out, property by property: objects that are put together from others take half as much memory again. */
export function remembered(
  { subject, merchantId, issuedAt, expiresAt }: SessionClaims,
  { mintedUntil, provenAt, provenUntil, tag }: SessionProof,
): RememberedSession {
  return { subject, merchantId, issuedAt, expiresAt, mintedUntil, provenAt, provenUntil, tag };
}

/** The name under which a session key is remembered: the key itself must be in no memory dump's map of keys. */
export function sessionKeyId(key: string): string {
  // A character a byte: the shortest text there is, and there may be a million of them.
  return hash('sha256', key, 'binary');
}

/** Whether the proof holds, and is young enough. */
export function isProven({ provenAt, provenUntil }: RememberedSession, maxAgeMs: number): boolean {
  const now = performance.now();
  return now < provenUntil && now - provenAt < maxAgeMs;
}

/**
 * What this process knows of session keys: bounded, and without a timer. Refusals are kept apart, so that however much
 * junk arrives, it pushes out no proven session; so are doubts, so that proven sessions push out none.
 */
export class SessionMemory {
  readonly #sessions: LRUCache<string, RememberedSession>;
  /** Proofs that Coinflow has taken back: of keys that our tag, or their minting, would let in again. */
  readonly #doubted = new LRUCache<string, RememberedSession>({ max: MAX_DOUBTS });
  readonly #refusals = new LRUCache<string, number>({ max: MAX_REFUSALS });

  constructor(maxEntries: number) {
    this.#sessions = new LRUCache({ max: maxEntries });
  }

  get size(): { sessions: number; doubted: number; refusals: number } {
    return { sessions: this.#sessions.size, doubted: this.#doubted.size, refusals: this.#refusals.size };
  }

  /** What is known, proven now or once. */
  recall(id: string): RememberedSession | undefined {
    return this.#sessions.get(id);
  }

  /** What was known of a key that Coinflow has said no to since. */
  recallDoubted(id: string): RememberedSession | undefined {
    return this.#doubted.get(id);
  }

  /** Proven: whatever Coinflow said before is past. */
  remember(id: string, session: RememberedSession): void {
    this.#refusals.delete(id);
    this.#doubted.delete(id);
    this.#sessions.set(id, session);
  }

  forget(id: string): void {
    this.#sessions.delete(id);
    this.#doubted.delete(id);
  }

  isRefused(id: string): boolean {
    const refusedUntil = this.#refusals.get(id);
    return refusedUntil !== undefined && performance.now() < refusedUntil;
  }

  /**
   * Coinflow has said no. To a key whose proof stood, that ends the proof, and Coinflow is asked again the next time: one
   * wrong answer must not lock a user out. To any other key, the no is remembered for a moment.
   */
  refuse(id: string, session: RememberedSession): void {
    this.#sessions.delete(id);
    if (performance.now() < session.provenUntil) this.doubt(id, session);
    else this.#refusals.set(id, performance.now() + REFUSAL_TTL_MS);
  }

  /** Ends a proof, and keeps what was known: a new yes restores it. */
  doubt(id: string, session: RememberedSession): void {
    this.#doubted.set(id, remembered(session, { ...session, provenUntil: -Infinity }));
  }
}
