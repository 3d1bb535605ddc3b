import { randomBytes } from 'node:crypto';
import jwt from 'jsonwebtoken';
import type { EmulatorClock } from './clock.js';

/** What a session key says; Coinflow adds `iat` and `exp` (24 hours later). */
export type SessionKeyClaims = Record<string, unknown>;

/** Opaque keys must be remembered: there is nothing in them. The oldest are forgotten first. */
const MAX_OPAQUE_KEYS = 100_000;

/** Makes and checks session keys as Coinflow does: JWTs, HS256, under a secret that nobody else has; or opaque ones. */
export class SessionKeys {
  readonly #secret = randomBytes(32);
  readonly #expiryOfOpaque = new Map<string, unknown>();

  constructor(
    private readonly clock: EmulatorClock,
    private readonly maxOpaqueKeys = MAX_OPAQUE_KEYS,
  ) {}

  /** A JWT with exactly these claims; `undefined` ones are left out. */
  sign(claims: SessionKeyClaims): string {
    return jwt.sign(JSON.stringify(claims), this.#secret, {
      algorithm: 'HS256',
      header: { alg: 'HS256', typ: 'JWT' },
    });
  }

  /** 32 hexadecimal digits that say nothing. Of the claims only `exp` matters. */
  makeOpaque({ exp }: SessionKeyClaims): string {
    const key = randomBytes(16).toString('hex');
    this.#expiryOfOpaque.set(key, exp);
    const [oldest] = this.#expiryOfOpaque.keys();
    if (oldest !== undefined && this.#expiryOfOpaque.size > this.maxOpaqueKeys) this.#expiryOfOpaque.delete(oldest);
    return key;
  }

  /** Whether it is one of the opaque keys, expired or not. */
  isOpaqueKey(key: string): boolean {
    return this.#expiryOfOpaque.has(key);
  }

  /** Whether a key is ours and has not expired. One without `exp` never does; an `exp` that is no number is no key of ours. */
  isValid(key: string): boolean {
    const now = this.clock.nowSeconds();
    if (this.isOpaqueKey(key)) {
      const exp = this.#expiryOfOpaque.get(key);
      return exp === undefined || (typeof exp === 'number' && now < exp);
    }
    try {
      jwt.verify(key, this.#secret, { algorithms: ['HS256'], clockTimestamp: now });
      return true;
    } catch {
      return false;
    }
  }
}
