import { createHmac, timingSafeEqual, type KeyObject } from 'node:crypto';
import { CoinflowSessionRejectedError } from '../errors/coinflow-auth.errors.js';
import { isBound, readClaims } from '../session/claims.js';
import { writePresented } from '../session/session-key.js';
import { derivedKey, scopeText, type SealScope } from '../cache/derived-key.js';

/**
 * Recognises what this application obtained itself: a tag over the session key, under a key that only this application
 * has. The tag is good on every instance and after every restart, and nobody need be asked.
 */
export class Attestor {
  /** Newest first: the first one tags, every one is recognised. */
  readonly #keys: readonly KeyObject[];
  readonly #scope: string;

  constructor(options: SealScope) {
    this.#keys = options.sealKeys.map((sealKey) => derivedKey(sealKey, 'attestation'));
    this.#scope = `${scopeText(options)}\n`;
  }

  /**
   * @returns the session key with our tag; `undefined` without keys to tag with, and for a session key that does not say
   * whose it is, for which merchant and until when: the tag would be all that is known of it
   */
  attest(key: string): string | undefined {
    const [newest] = this.#keys;
    return newest && isBound(readClaims(key)) ? writePresented(key, this.#tag(newest, key)) : undefined;
  }

  /**
   * @returns the tag, in a string of its own: a part of the request's header would keep all of it in memory
   * @throws {CoinflowSessionRejectedError} when the tag is not ours over this very session key
   */
  recognise(key: string, presented: string): string {
    // The texts are compared, not what they stand for: there is one way to write a tag.
    const bytes = Buffer.from(presented);
    const tag = this.#keys.map((one) => this.#tag(one, key)).find((one) => timingSafeEqual(Buffer.from(one), bytes));
    if (tag !== undefined) return tag;
    throw new CoinflowSessionRejectedError('The session key carries a tag that this application did not make', {
      reason: 'wrong-tag',
      action:
        'Obtain a new session key. Many of these: do all instances have the same option sealKeys (COINFLOW_SEAL_KEYS)?',
    });
  }

  #tag(attestationKey: KeyObject, key: string): string {
    return createHmac('sha256', attestationKey).update(this.#scope).update(key).digest('base64url');
  }
}
