import { randomBytes } from 'node:crypto';
import jwt from 'jsonwebtoken';
import type { EmulatorClock } from './clock.js';

/** The claims of a session key. Coinflow adds `iat` and `exp` (24 hours later). */
export type SessionKeyClaims = Record<string, unknown>;

/** Opaque keys have no claims, so the emulator stores them. The oldest are dropped first. */
const MAX_OPAQUE_KEYS = 100_000;

/** Creates and verifies session keys: JWTs (HS256) with a random secret, or opaque keys. */
export class SessionKeys {
  readonly #secret = randomBytes(32);
  readonly #expiryOfOpaque = new Map<string, unknown>();

  constructor(
    private readonly clock: EmulatorClock,
    private readonly maxOpaqueKeys = MAX_OPAQUE_KEYS,
  ) {}

  /** Signs a JWT with exactly these claims. Claims that are `undefined` are left out. */
  sign(claims: SessionKeyClaims): string {
    return jwt.sign(JSON.stringify(claims), this.#secret, {
      algorithm: 'HS256',
      header: { alg: 'HS256', typ: 'JWT' },
    });
  }

  /** Creates 32 random hexadecimal digits. Of the claims only `exp` matters. */
  createOpaque({ exp }: SessionKeyClaims): string {
    const key = randomBytes(16).toString('hex');
    this.#expiryOfOpaque.set(key, exp);
    const [oldest] = this.#expiryOfOpaque.keys();
    if (oldest !== undefined && this.#expiryOfOpaque.size > this.maxOpaqueKeys) this.#expiryOfOpaque.delete(oldest);
    return key;
  }

  /** Whether this emulator has created the opaque key. It may have expired. */
  isOpaqueKey(key: string): boolean {
    return this.#expiryOfOpaque.has(key);
  }

  /** Whether this emulator has created the key and it has not expired. A key without `exp` does not expire. */
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
