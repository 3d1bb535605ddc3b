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
  readonly #claimsOfOpaque = new Map<string, SessionKeyClaims>();

  constructor(
    private readonly clock: EmulatorClock,
    private readonly maxOpaqueKeys = MAX_OPAQUE_KEYS,
    private readonly hasEnded: (claims: SessionKeyClaims) => boolean = () => false,
  ) {}

  /** Signs a JWT with exactly these claims. Claims that are `undefined` are left out. */
  sign(claims: SessionKeyClaims): string {
    return jwt.sign(JSON.stringify(claims), this.#secret, {
      algorithm: 'HS256',
      header: { alg: 'HS256', typ: 'JWT' },
    });
  }

  /** Creates 32 random hexadecimal digits. Only the emulator knows the claims. */
  createOpaque(claims: SessionKeyClaims): string {
    const key = randomBytes(16).toString('hex');
    this.#claimsOfOpaque.set(key, claims);
    const [oldest] = this.#claimsOfOpaque.keys();
    if (oldest !== undefined && this.#claimsOfOpaque.size > this.maxOpaqueKeys) this.#claimsOfOpaque.delete(oldest);
    return key;
  }

  /** Whether this emulator has created the opaque key. It may have expired. */
  isOpaqueKey(key: string): boolean {
    return this.#claimsOfOpaque.has(key);
  }

  /** Whether this emulator has created the key and it has not expired. A key without `exp` does not expire. */
  isValid(key: string): boolean {
    return this.claimsOf(key) !== undefined;
  }

  /** The claims of a valid key. */
  claimsOf(key: string): SessionKeyClaims | undefined {
    const claims = this.#unexpiredClaims(key);
    return claims && !this.hasEnded(claims) ? claims : undefined;
  }

  #unexpiredClaims(key: string): SessionKeyClaims | undefined {
    const now = this.clock.nowSeconds();
    const opaque = this.#claimsOfOpaque.get(key);
    if (opaque) {
      const { exp } = opaque;
      return exp === undefined || (typeof exp === 'number' && now < exp) ? opaque : undefined;
    }
    try {
      const claims = jwt.verify(key, this.#secret, { algorithms: ['HS256'], clockTimestamp: now });
      return typeof claims === 'string' ? {} : claims;
    } catch {
      return undefined;
    }
  }
}
