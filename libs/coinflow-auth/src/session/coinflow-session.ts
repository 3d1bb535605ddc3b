import type { SessionClaims } from './claims.js';
import type { CoinflowSubject } from './subject.js';

/**
 * A session that is proven to be this merchant's. Frozen; its key shows in no JSON, inspection, spread or string.
 */
export class CoinflowSession {
  /** Whose session it is; `null` only for a key that says nothing of it (see the option `acceptUnboundKeys`). */
  readonly subject: CoinflowSubject | null;
  /** The merchant that the key itself names: yours, or `undefined` for a key that names none. */
  readonly merchantId: string | undefined;
  /** When Coinflow made the key; `null` when the key does not say. */
  readonly issuedAt: Date | null;
  /** When the key expires; `null` when the key does not say. */
  readonly expiresAt: Date | null;

  readonly #key: string;

  /** @param key the session key itself: only for what must be given to Coinflow, never for a log */
  constructor(key: string, claims: SessionClaims) {
    this.#key = key;
    this.subject = claims.subject;
    this.merchantId = claims.merchantId;
    this.issuedAt = toDate(claims.issuedAt);
    this.expiresAt = toDate(claims.expiresAt);
    Object.freeze(this);
  }

  /** The session key itself. A secret: whoever has it is the payer. */
  get key(): string {
    return this.#key;
  }

  /** Node's inspection can be told to call getters; this one it must not. */
  [Symbol.for('nodejs.util.inspect.custom')](_depth: number, options: object, inspect: Inspect): string {
    return `CoinflowSession ${inspect({ ...this }, options)}`;
  }
}

type Inspect = (value: unknown, options: object) => string;

function toDate(seconds: number | null): Date | null {
  return seconds === null ? null : new Date(seconds * 1_000);
}
