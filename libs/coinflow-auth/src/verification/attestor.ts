import { createHmac, timingSafeEqual, type KeyObject } from 'node:crypto';
import { CoinflowSessionRejectedError } from '../errors/coinflow-auth.errors.js';
import { isBound, readClaims } from '../session/claims.js';
import { writePresented } from '../session/session-key.js';
import { deriveKeys, scopeText, type SealScope } from '../cache/derived-keys.js';
import { WRONG_TAG } from './verification-result.js';

/**
 * Tags the session keys that this application creates, and verifies the tags. A tag is a MAC under a key that only this
 * application has. It is valid on every replica and after every restart, and needs no call to Coinflow.
 */
export class Attestor {
  /** Newest first: the first one tags, all of them verify. */
  readonly #keys: readonly KeyObject[];
  readonly #scope: string;

  constructor(options: SealScope) {
    this.#keys = deriveKeys(options, 'attestation');
    this.#scope = `${scopeText(options)}\n`;
  }

  /**
   * @returns the session key with its tag; `undefined` without seal keys, and for a key that does not name its merchant, its
   * user and its expiry, since a replica would know nothing else of it
   */
  attest(key: string): string | undefined {
    const [newest] = this.#keys;
    return newest && isBound(readClaims(key)) ? writePresented(key, this.#tagOf(key, newest)) : undefined;
  }

  /** @throws {@link CoinflowSessionRejectedError} when the tag is not this application's tag of this key */
  verify(key: string, tag: string): void {
    // Compares the text and not the decoded bytes, so that each tag has one spelling.
    const bytes = Buffer.from(tag);
    if (this.#keys.some((one) => timingSafeEqual(Buffer.from(this.#tagOf(key, one)), bytes))) return;
    throw new CoinflowSessionRejectedError('The session key carries a tag that this application did not create', {
      reason: WRONG_TAG,
      action:
        'Create a new session key. If there are many of these, check that all replicas have the same option sealKeys (COINFLOW_SEAL_KEYS).',
    });
  }

  #tagOf(key: string, attestationKey: KeyObject): string {
    return createHmac('sha256', attestationKey).update(this.#scope).update(key).digest('base64url');
  }
}
