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
  /** When Coinflow made the key; `null` when the key does not say, and another process obtained it. */
  readonly issuedAt: Date | null;
  /** When the key expires; `null` when the key does not say. */
  readonly expiresAt: Date | null;

  readonly #key: string;
  readonly #attestor: SessionKeyAttestor | undefined;

  /**
   * @param key the session key itself: only for what must be given to Coinflow, never for a log
   * @param attestor of a key that this application obtained itself
   */
  constructor(key: string, claims: SessionClaims, attestor?: SessionKeyAttestor) {
    this.#key = key;
    this.#attestor = attestor;
    this.subject = claims.subject;
    this.merchantId = claims.merchantId;
    this.issuedAt = toDate(claims.issuedAt);
    this.expiresAt = toDate(claims.expiresAt);
    Object.freeze(this);
  }

  /** The session key itself, for Coinflow and its widgets. A secret: whoever has it is the payer. */
  get key(): string {
    return this.#key;
  }

  /**
   * The session key with a tag by which this application recognises that it obtained the key itself: for requests to your
   * own API, in the same header. It is proven on every instance and after every restart, without a call. Coinflow does not
   * understand it. As secret as the key.
   *
   * `undefined` for a key that this application did not obtain, or that does not say whose it is, for which merchant and
   * until when; and without the option `sealKeys`, outside of `sandbox` and `local`.
   */
  get attestedKey(): string | undefined {
    return this.#attestor?.attest(this.#key);
  }

  /** Node's inspection can be told to call getters; these it must not. */
  [Symbol.for('nodejs.util.inspect.custom')](_depth: number, options: object, inspect: Inspect): string {
    return `CoinflowSession ${inspect({ ...this }, options)}`;
  }
}

/** What can tag a session key. */
export interface SessionKeyAttestor {
  attest(key: string): string | undefined;
}

type Inspect = (value: unknown, options: object) => string;

function toDate(seconds: number | null): Date | null {
  return seconds === null ? null : new Date(seconds * 1_000);
}
