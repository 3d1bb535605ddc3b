import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import type { ResolvedCoinflowAuthOptions } from '../options/resolve-options.js';

/** Of the form of what is tagged and sealed: a version that reads it otherwise has another number. */
const VERSION = 1;

/** Where something that was made with a seal key is good: of another environment, API or merchant it says nothing here. */
export type SealScope = Pick<ResolvedCoinflowAuthOptions, 'sealKeys' | 'env' | 'baseUrl' | 'merchantId'>;

/** A key for one purpose, so that what is made for one is never taken for another. */
export function derivedKey(sealKey: KeyObject, purpose: string): KeyObject {
  return createSecretKey(Buffer.from(hkdfSync('sha256', sealKey, '', `nestjs-coinflow-auth ${purpose}`, 32)));
}

/** One text for each scope. */
export function scopeText({ env, baseUrl, merchantId }: SealScope): string {
  return JSON.stringify([VERSION, env, baseUrl, merchantId]);
}
