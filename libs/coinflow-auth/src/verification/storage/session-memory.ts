import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { SessionClaims } from '../../session/claims.js';
import { SessionTable } from './session-table.js';

/** For how long Coinflow's no to an unknown key is remembered: long enough to answer a client that insists. */
const REFUSAL_TTL_MS = 30_000;
const MAX_REFUSALS = 10_000;
const MAX_DOUBTS = 10_000;

/** A length of time without end. The largest number that V8 keeps in place: others take 16 bytes more each. */
export const FOREVER = 2 ** 31 - 1;

/** How a session key was proven, and how long that counts. */
export interface SessionProof {
  /**
   * Until when it counts that this application obtained the key itself, so that the key need not say whose it is: in
   * seconds of the monotonic clock (`performance.now()`), {@link FOREVER} for a key that says itself when it expires.
   */
  readonly mintedUntilS: number;
  /** When the call that proved it began, in milliseconds of the monotonic clock. */
  readonly provenAt: number;
  /** For how many milliseconds from then the proof holds; {@link FOREVER}; 0 once Coinflow has taken it back. */
  readonly holdsMs: number;
  /** Our tag over the key, once a request has carried it. */
  readonly tag?: string | undefined;
}

/** What is known of a session key. One flat object of small parts: there may be a million of them. */
export type RememberedSession = SessionClaims & SessionProof;

/** A key of which nothing is known but what it says. */
export const UNPROVEN: SessionProof = { mintedUntilS: 0, provenAt: -Infinity, holdsMs: 0 };

/** Written out, property by property: objects that are put together from others take half as much memory again. */
export function remembered(
  { subject, merchantId, issuedAt, expiresAt }: SessionClaims,
  { mintedUntilS, provenAt, holdsMs, tag }: SessionProof,
): RememberedSession {
  return { subject, merchantId, issuedAt, expiresAt, mintedUntilS, provenAt, holdsMs, tag };
}

/** The name under which a session key is remembered: the key itself must be in no memory dump's map of keys. */
export function sessionKeyId(key: string): string {
  // A character a byte: the shortest text there is, and there may be a million of them.
  return hash('sha256', key, 'binary');
}

/** Whether the proof holds, and is young enough. */
export function isProven({ provenAt, holdsMs }: SessionProof, maxAgeMs: number): boolean {
  const ageMs = performance.now() - provenAt;
  return ageMs < maxAgeMs && (ageMs < holdsMs || holdsMs === FOREVER);
}

/** Whether it still counts that this application obtained the key itself. */
export function isMinted({ mintedUntilS }: SessionProof): boolean {
  return mintedUntilS === FOREVER || performance.now() < mintedUntilS * 1_000;
}

/** For how long that still counts, from a moment of the monotonic clock. */
export function mintedForMs({ mintedUntilS }: SessionProof, from: number): number {
  return mintedUntilS === FOREVER ? FOREVER : Math.floor(mintedUntilS * 1_000 - from);
}

/**
 * What this process knows of session keys: bounded, and without a timer. Refusals are kept apart, so that however much
 * junk arrives, it pushes out no proven session; so are doubts, so that proven sessions push out none.
 */
export class SessionMemory {
  readonly #sessions: SessionTable<RememberedSession>;
  /** Proofs that Coinflow has taken back: of keys that our tag, or their minting, would let in again. */
  readonly #doubted = new LRUCache<string, RememberedSession>({ max: MAX_DOUBTS });
  readonly #refusals = new LRUCache<string, number>({ max: MAX_REFUSALS });

  constructor(maxEntries: number) {
    this.#sessions = new SessionTable(maxEntries);
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
    if (isProven(session, Infinity)) return this.doubt(id, session);
    this.#sessions.delete(id);
    this.#refusals.set(id, performance.now() + REFUSAL_TTL_MS);
  }

  /** Ends a proof, and keeps what was known: a new yes restores it. */
  doubt(id: string, session: RememberedSession): void {
    this.#sessions.delete(id);
    this.#doubted.set(id, remembered(session, { ...session, holdsMs: 0 }));
  }
}
