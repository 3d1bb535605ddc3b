import { createHmac, createSecretKey, randomBytes, type KeyObject } from 'node:crypto';
import { derivedKey, scopeText, type SealScope } from '../cache/derived-key.js';

/**
 * What slots are counted under. A plain hash of an address is no secret, since all addresses can be tried; so the names are
 * made with a key, the same on all instances that have the same seal keys.
 */
export class BudgetNames {
  readonly #key: KeyObject;
  /** Merchants that share a store share no slots. */
  readonly #scope: string;

  constructor(options: SealScope) {
    const [newest] = options.sealKeys;
    this.#key = newest ? derivedKey(newest, 'budget') : createSecretKey(randomBytes(32));
    this.#scope = `${scopeText(options)}\n`;
  }

  /** @param what is counted, and of whom */
  of(kind: string, value: string): string {
    return createHmac('sha256', this.#key).update(`${this.#scope}${kind}\n`).update(value).digest('base64url');
  }
}
