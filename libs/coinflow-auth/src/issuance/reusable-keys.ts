import { LRUCache } from 'lru-cache';
import type { RememberedSession } from '../cache/remembered-session.js';

/** What is left of a session key's life when it is handed out again, at least. */
const MIN_LIFE_LEFT_MS = 300_000;
/** Of keys that live so shortly that they never have that much: this share of their life. */
const MIN_SHARE_LEFT = 1 / 4;

export interface ReusableKey {
  readonly key: string;
  readonly session: RememberedSession;
}

/** The session keys that this process has obtained, to be handed out again while they are good for a while yet. */
export class ReusableKeys {
  readonly #maxEntries: number;
  /** Takes its room at once, so only a process that obtains keys has one. */
  #keys: LRUCache<string, ReusableKey> | undefined;

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries;
  }

  get size(): number {
    return this.#keys?.size ?? 0;
  }

  /** @param name of whoever the key is for, and from where */
  find(name: string): ReusableKey | undefined {
    const minted = this.#keys?.get(name);
    return minted && hasLifeLeft(minted.session) ? minted : undefined;
  }

  keep(name: string, minted: ReusableKey): void {
    // Until when a key is good that does not say so, nobody knows.
    if (minted.session.expiresAt === null) return;
    this.#keys ??= new LRUCache({ max: this.#maxEntries });
    this.#keys.set(name, minted);
  }

  drop(name: string): void {
    this.#keys?.delete(name);
  }
}

/** Whether a key is good for a while yet. */
export function hasLifeLeft({ issuedAt, expiresAt }: RememberedSession): boolean {
  const expiresAtMs = (expiresAt ?? 0) * 1_000;
  const lifeMs = expiresAtMs - (issuedAt ?? 0) * 1_000;
  return expiresAtMs - Date.now() > Math.min(MIN_LIFE_LEFT_MS, lifeMs * MIN_SHARE_LEFT);
}
