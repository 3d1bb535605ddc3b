import { randomBytes } from 'node:crypto';
import jwt from 'jsonwebtoken';

/** What a session key says; Coinflow adds `iat` and `exp` (24 hours later). */
export type SessionKeyClaims = Record<string, unknown>;

const LIFETIME_SECONDS = 86_400;

/** Makes and checks session keys as Coinflow does: JWTs, HS256, under a secret that nobody else has. */
export class SessionKeys {
  readonly #secret = randomBytes(32);

  /** @param claims of the user or wallet; `iat` and `exp` among them replace the usual ones, `undefined` leaves them out */
  sign(claims: SessionKeyClaims): string {
    const iat = nowSeconds();
    const payload = { iat, exp: iat + LIFETIME_SECONDS, ...claims };
    return jwt.sign(JSON.stringify(payload), this.#secret, {
      algorithm: 'HS256',
      header: { alg: 'HS256', typ: 'JWT' },
    });
  }

  /** Whether a key is ours and has not expired. */
  isValid(key: string): boolean {
    try {
      jwt.verify(key, this.#secret, { algorithms: ['HS256'], clockTimestamp: nowSeconds() });
      return true;
    } catch {
      return false;
    }
  }
}

function nowSeconds(): number {
  return Math.floor(Date.now() / 1_000);
}
