import { createHmac, createSecretKey, randomBytes, timingSafeEqual, type KeyObject } from 'node:crypto';

const LIFETIME_S = 86_400;
const HEADER = encode({ alg: 'HS256', typ: 'JWT' });

export const MERCHANT_ID = 'bench-merchant';

/** Creates JWTs with the claims of a session key, so that all variants verify strings of the same length. */
export class SessionKeys {
  readonly secret: KeyObject = createSecretKey(randomBytes(32));

  make(userId: string): string {
    const iat = Math.floor(Date.now() / 1_000);
    const signed = `${HEADER}.${encode({ iat, exp: iat + LIFETIME_S, customerId: userId, merchantId: MERCHANT_ID })}`;
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

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}
