import type { SessionClaims } from './claims.js';
import type { CoinflowSubject } from './subject.js';

/** The same symbol in every copy of the package in a process, so that copies recognise each other's sessions. */
const BRAND = Symbol.for('nestjs-coinflow-auth:session');

/**
 * A verified session of this merchant. It is frozen, and concurrent requests with one key may share it. JSON, inspection, spread
 * and string conversion do not show its key.
 */
export class CoinflowSession {
  /** The user or wallet of the session; `null` only for a key that names none (see the option `acceptUnboundKeys`). */
  readonly subject: CoinflowSubject | null;
  /** The merchant that the key names: yours, or `undefined` for a key that names none. */
  readonly merchantId: string | undefined;
  /** When Coinflow created the key; `null` when the key does not say. Each access creates a `Date`, which you may change. */
  declare readonly issuedAt: Date | null;
  /** When the key expires; `null` when the key does not say. Each access creates a `Date`, which you may change. */
  declare readonly expiresAt: Date | null;

  readonly #key: string;
  /** In seconds since 1970. */
  readonly #issuedAt: number | null;
  readonly #expiresAt: number | null;
  readonly #attestor: SessionKeyAttestor | undefined;

  /** Own properties, so that JSON and spread contain them. All sessions share these getters: a process may hold a million. */
  static readonly #dates: PropertyDescriptorMap & ThisType<CoinflowSession> = {
    issuedAt: {
      enumerable: true,
      get() {
        return toDate(this.#issuedAt);
      },
    },
    expiresAt: {
      enumerable: true,
      get() {
        return toDate(this.#expiresAt);
      },
    },
  };

  /**
   * @param key the session key itself: send it to Coinflow only, and never log it
   * @param attestor given for a key that this application created
   */
  constructor(key: string, claims: SessionClaims, attestor?: SessionKeyAttestor) {
    this.#key = key;
    this.#issuedAt = claims.issuedAt;
    this.#expiresAt = claims.expiresAt;
    this.#attestor = attestor;
    this.subject = claims.subject;
    this.merchantId = claims.merchantId;
    Object.defineProperties(this, CoinflowSession.#dates);
    Object.freeze(this);
  }

  get [BRAND](): true {
    return true;
  }

  /** The session key itself, for Coinflow and its widgets. It is a secret: anybody who has it can act as the user. */
  get key(): string {
    return this.#key;
  }

  /**
   * The session key with a tag of this application, which attests that it created the key. Send it to your own API, in the same header. Every
   * replica accepts it without a call to Coinflow, also after a restart. Coinflow does not accept it. It is as secret as the key.
   *
   * It is `undefined` for a key that this application did not create, and for one that does not name its user, merchant and
   * expiry. Outside of `sandbox` and `local` it requires the option `sealKeys`.
   */
  get attestedKey(): string | undefined {
    return this.#attestor?.attest(this.#key);
  }

  /** Node can be told to call getters when it inspects an object. It must not call these. */
  [Symbol.for('nodejs.util.inspect.custom')](_depth: number, options: object, inspect: Inspect): string {
    return `CoinflowSession ${inspect({ ...this }, options)}`;
  }
}

/** Tags session keys. */
export interface SessionKeyAttestor {
  attest(key: string): string | undefined;
}

type Inspect = (value: unknown, options: object) => string;

function toDate(seconds: number | null): Date | null {
  return seconds === null ? null : new Date(seconds * 1_000);
}

/** Whether a value is a session, also of another copy of the package. */
export function isSession(value: unknown): value is CoinflowSession {
  return typeof value === 'object' && value !== null && BRAND in value;
}
