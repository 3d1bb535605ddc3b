import { LRUCache } from 'lru-cache';
import type { CachedSession } from '../cache/cached-session.js';
import type { SharedCache } from '../cache/shared-cache.js';
import { readSession, timeToLiveMs, writeSession } from '../cache/shared-sessions.js';

/** A key is reused only if at least so much of its life is left ... */
const MIN_LIFE_LEFT_MS = 300_000;
/** ... or this part of its life, for keys that live too shortly for that. */
const MIN_LIFE_LEFT = 1 / 4;

/** A session key that Coinflow created, and its session. */
export interface IssuedKey {
  readonly key: string;
  readonly session: CachedSession;
}

/**
 * The session keys that this application has created, for reuse: those of this process, and those of all replicas in the
 * shared cache. The name of a key identifies the user that it was created for, and the user's address.
 */
export class IssuedKeys {
  readonly #maxEntries: number;
  readonly #merchantId: string;
  readonly #shared: SharedCache | undefined;
  /** It allocates its memory at once, so it is created only in a process that creates keys. */
  #local: LRUCache<string, IssuedKey> | undefined;

  /** @param shared `undefined` if replicas share no cache */
  constructor(maxEntries: number, merchantId: string, shared: SharedCache | undefined) {
    this.#maxEntries = maxEntries;
    this.#merchantId = merchantId;
    this.#shared = shared;
  }

  /** How many keys this process keeps. */
  get size(): number {
    return this.#local?.size ?? 0;
  }

  /** @returns a key of this process that is valid for a while */
  find(name: string): IssuedKey | undefined {
    const issued = this.#local?.get(name);
    return issued && hasLifeLeft(issued.session) ? issued : undefined;
  }

  /** @returns a key that any replica has created, and that is valid for a while */
  async findShared(name: string): Promise<IssuedKey | undefined> {
    const text = await this.#shared?.get('created', name);
    if (text === undefined) return undefined;
    const { key, session } = JSON.parse(text) as { key: string; session: string };
    const issued = { key, session: readSession(session, this.#merchantId) };
    return hasLifeLeft(issued.session) ? issued : undefined;
  }

  /** Keeps a key in this process. */
  keep(name: string, issued: IssuedKey): void {
    if (issued.session.expiresAt === null) return;
    this.#local ??= new LRUCache({ max: this.#maxEntries });
    this.#local.set(name, issued);
  }

  /** Writes a key to the shared cache, without waiting for it. */
  share(name: string, { key, session }: IssuedKey): void {
    if (session.expiresAt === null) return;
    void this.#shared?.set(
      'created',
      name,
      JSON.stringify({ key, session: writeSession(session) }),
      timeToLiveMs(session),
    );
  }

  /** Removes a key from this process. */
  drop(name: string): void {
    this.#local?.delete(name);
  }
}

/** Whether a key is valid for a while. Of a key without an expiry that is unknown, so it is never reused. */
function hasLifeLeft({ issuedAt, expiresAt }: CachedSession): boolean {
  const expiresAtMs = (expiresAt ?? 0) * 1_000;
  const lifeMs = expiresAtMs - (issuedAt ?? 0) * 1_000;
  return expiresAtMs - Date.now() > Math.min(MIN_LIFE_LEFT_MS, lifeMs * MIN_LIFE_LEFT);
}
