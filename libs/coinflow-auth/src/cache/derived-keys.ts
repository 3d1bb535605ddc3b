import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import type { ResolvedCoinflowAuthOptions } from '../options/resolve-options.js';

/** The version of the format of attestation tags and sealed entries. A new format needs a new number. */
const VERSION = 1;

/** What tags and sealed entries are bound to: those of another environment, API or merchant are not accepted. */
export type SealScope = Pick<ResolvedCoinflowAuthOptions, 'sealKeys' | 'env' | 'baseUrl' | 'merchantId'>;

/** What a derived key is used for. A tag or an entry of one purpose is never accepted for another. */
export type KeyPurpose = 'attestation' | 'sealing' | 'store keys' | 'budget';

/**
 * Derives a key for one purpose from each seal key.
 * @returns the keys in the order of the option `sealKeys`, newest first; none without seal keys
 */
export function deriveKeys({ sealKeys }: SealScope, purpose: KeyPurpose): KeyObject[] {
  return sealKeys.map((sealKey) => {
    const derived = hkdfSync('sha256', sealKey, '', `nestjs-coinflow-auth ${purpose}`, 32);
    return createSecretKey(Buffer.from(derived));
  });
}

/** The scope as text, for MACs and authenticated data. */
export function scopeText({ env, baseUrl, merchantId }: SealScope): string {
  return JSON.stringify([VERSION, env, baseUrl, merchantId]);
}
