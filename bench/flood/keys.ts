import { randomBytes } from 'node:crypto';

const LIFETIME_S = 86_400;

export interface Claims extends Record<string, unknown> {
  readonly customerId: string;
  readonly merchantId: string;
  readonly iat: number;
  readonly exp: number;
}

export function claimsOf(customerId: string, merchantId: string): Claims {
  const iat = Math.floor(Date.now() / 1_000);
  return { customerId, merchantId, iat, exp: iat + LIFETIME_S };
}

/** A forged key with valid claims and a random signature. Only Coinflow can tell that it is invalid. */
export function invalidKey(merchantId: string): string {
  const parts = [{ alg: 'HS256', typ: 'JWT' }, claimsOf(randomBytes(6).toString('hex'), merchantId)];
  const signed = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'));
  return [...signed, randomBytes(32).toString('base64url')].join('.');
}
