import { bytesToUtf8, randomBytes, utf8ToBytes } from '@noble/hashes/utils';
import { base64urlnopad } from '@scure/base';
import { isObject } from '../api/type-guards.js';

/** HMAC-SHA256, as in the signature of a session key and in an attestation. */
const SIGNATURE_BYTES = 32;
const DAY_SECONDS = 86_400;

export interface ForgedClaims {
  readonly merchantId: string;
  readonly userId: string;
  /** In seconds since 1970. */
  readonly issuedAt: number;
  readonly expiresAt?: number;
}

/** Creates a JWT in the format of a session key with a random signature. Coinflow rejects it. */
export function createForgedKey(claims: ForgedClaims): string {
  const { merchantId, userId, issuedAt, expiresAt = issuedAt + DAY_SECONDS } = claims;
  const header = encodeJson({ alg: 'HS256', typ: 'JWT' });
  const payload = encodeJson({ customerId: userId, merchantId, iat: issuedAt, exp: expiresAt });
  return `${header}.${payload}.${randomSignature()}`;
}

/** Replaces the signature of a key with a random one and keeps the claims. */
export function withForgedSignature(key: string): string {
  return `${key.slice(0, key.lastIndexOf('.'))}.${randomSignature()}`;
}

export interface KeyTimes {
  readonly issuedAtMs: number | undefined;
  readonly expiresAtMs: number | undefined;
}

/** The times in the claims of a session key. */
export function timesOf(key: string): KeyTimes {
  const claims = decodeClaims(key);
  if (!isObject(claims)) return { issuedAtMs: undefined, expiresAtMs: undefined };
  return { issuedAtMs: toMs(claims.iat), expiresAtMs: toMs(claims.exp) };
}

/** @returns `undefined` if the key is not a JWT */
export function decodeClaims(key: string): unknown {
  try {
    return JSON.parse(bytesToUtf8(base64urlnopad.decode(key.split('.')[1] ?? '')));
  } catch {
    return undefined;
  }
}

function encodeJson(value: object): string {
  return base64urlnopad.encode(utf8ToBytes(JSON.stringify(value)));
}

function randomSignature(): string {
  return base64urlnopad.encode(randomBytes(SIGNATURE_BYTES));
}

function toMs(seconds: unknown): number | undefined {
  return typeof seconds === 'number' ? seconds * 1_000 : undefined;
}
