import { randomBytes } from '@noble/hashes/utils';
import { encodeBytes, encodeJson } from './base64url.js';

/** HMAC-SHA256, as the signature of Coinflow's keys and our own tag. */
const SIGNATURE_BYTES = 32;
const DAY_SECONDS = 86_400;

export interface RandomClaims {
  readonly merchantId: string;
  readonly userId: string;
  /** In seconds since 1970. */
  readonly issuedAt: number;
  readonly expiresAt?: number;
}

/** A text that looks like a session key and is none: only Coinflow can sign one. */
export function makeUpKey({ merchantId, userId, issuedAt, expiresAt = issuedAt + DAY_SECONDS }: RandomClaims): string {
  const header = encodeJson({ alg: 'HS256', typ: 'JWT' });
  const payload = encodeJson({ customerId: userId, merchantId, iat: issuedAt, exp: expiresAt });
  return `${header}.${payload}.${randomSignature()}`;
}

/** The same key, with what it says and with another signature. */
export function forge(key: string): string {
  return `${key.slice(0, key.lastIndexOf('.'))}.${randomSignature()}`;
}

function randomSignature(): string {
  return encodeBytes(randomBytes(SIGNATURE_BYTES));
}
