import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { SessionClaims } from '../../session/claims.js';

/** For how long Coinflow's no to an unknown key is remembered: long enough to answer a client that insists. */
const REFUSAL_TTL_MS = 30_000;
const MAX_REFUSALS = 10_000;

/** What is known of a session key, and for how long. Times are monotonic (`performance.now()`), in milliseconds. */
export interface RememberedSession {
  readonly claims: SessionClaims;
  /** Until when it counts that this application obtained the key itself, so that the key need not say whose it is. */
  readonly mintedUntil: number;
  /** When the call that proved it began. */
  readonly provenAt: number;
  /** Until when the proof holds; in the past once Coinflow has taken it back. */
  readonly provenUntil: number;
}

/** The name under which a session key is remembered: the key itself must be in no memory dump's map of keys. */
export function sessionKeyId(key: string): string {
  return hash('sha256', key, 'base64url');
}

/**
 * What this process knows of session keys: bounded, and without a timer. Refusals are kept apart, so that however much
 * junk arrives, it pushes out no proven session.
 */
export class SessionMemory {
  readonly #sessions: LRUCache<string, RememberedSession>;
  readonly #refusals = new LRUCache<string, number>({ max: MAX_REFUSALS });

  constructor(maxEntries: number) {
    this.#sessions = new LRUCache({ max: maxEntries });
  }

  /** What is known, proven now or once. */
  recall(id: string): RememberedSession | undefined {
    return this.#sessions.get(id);
  }

  remember(id: string, session: RememberedSession): void {
    this.#refusals.delete(id);
    this.#sessions.set(id, session);
  }

  isRefused(id: string): boolean {
    const refusedUntil = this.#refusals.get(id);
    return refusedUntil !== undefined && performance.now() < refusedUntil;
  }

  /**
   * Coinflow has said no. To a key whose proof stood, that ends the proof, and Coinflow is asked again the next time: one
   * wrong answer must not lock a user out. To any other key, the no is remembered for a moment.
   */
  refuse(id: string): void {
    const session = this.#sessions.get(id);
    const now = performance.now();
    if (session && now < session.provenUntil) {
      this.#sessions.set(id, { ...session, provenUntil: -Infinity });
    } else {
      this.#refusals.set(id, now + REFUSAL_TTL_MS);
    }
  }
}
