import type { SharedCache } from '../cache/shared-cache.js';
import { readProof, usefulForMs, writeProof } from '../cache/shared-verification.js';
import { hasLifeLeft, type ReusableKey } from './reusable-keys.js';

/** The session keys that any instance has obtained, to be handed out again by every one. */
export class SharedReusableKeys {
  readonly #memory: SharedCache;
  readonly #merchantId: string;

  constructor(memory: SharedCache, merchantId: string) {
    this.#memory = memory;
    this.#merchantId = merchantId;
  }

  /** @param name of whoever the key is for, and from where */
  async find(name: string): Promise<ReusableKey | undefined> {
    const text = await this.#memory.read('minted', name);
    if (text === undefined) return undefined;
    const { key, proof } = JSON.parse(text) as { key: string; proof: string };
    const minted = { key, session: readProof(proof, this.#merchantId) };
    return hasLifeLeft(minted.session) ? minted : undefined;
  }

  /** Nobody waits for it. */
  keep(name: string, { key, session }: ReusableKey): void {
    // Until when a key is good that does not say so, nobody knows.
    if (session.expiresAt === null) return;
    void this.#memory.write('minted', name, JSON.stringify({ key, proof: writeProof(session) }), usefulForMs(session));
  }
}
