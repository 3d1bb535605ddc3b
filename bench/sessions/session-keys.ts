import { createHmac, createSecretKey, randomBytes, timingSafeEqual, type KeyObject } from 'node:crypto';

const LIFETIME_S = 86_400;
const HEADER = encode({ alg: 'HS256', typ: 'JWT' });

export const MERCHANT_ID = 'bench-merchant';

/** Creates JWTs with the claims of a session key, so that all variants verify strings of the same length. */
export class SessionKeys {
  readonly secret: KeyObject = createSecretKey(randomBytes(32));

  make(userId: string): string {
    const signed = `${HEADER}.${encode(claimsOf(userId, MERCHANT_ID))}`;
    return `${signed}.${this.#signature(signed).toString('base64url')}`;
  }

  isGenuine(key: string): boolean {
    const end = key.lastIndexOf('.');
    const signature = Buffer.from(key.slice(end + 1), 'base64url');
    const expected = this.#signature(key.slice(0, end));
    return signature.length === expected.length && timingSafeEqual(signature, expected);
  }

  #signature(signed: string): Buffer {
    return createHmac('sha256', this.secret).update(signed).digest();
  }
}

/** The same key with a forged signature. */
export function forged(key: string): string {
  return key.replace(/[^.]+$/, (signature) => 'A'.repeat(signature.length));
}

/** A forged key with valid claims and a random signature. Only Coinflow can tell that it is invalid. */
export function invalidKey(merchantId: string): string {
  const signed = `${HEADER}.${encode(claimsOf(randomBytes(6).toString('hex'), merchantId))}`;
  return `${signed}.${randomBytes(32).toString('base64url')}`;
}

/** The claims of a session key that is created now. */
export function claimsOf(customerId: string, merchantId: string): Record<string, unknown> {
  const iat = Math.floor(Date.now() / 1_000);
  return { customerId, merchantId, iat, exp: iat + LIFETIME_S };
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}
