import { requireInteger, requireOneOf, withoutUndefined } from './validation.js';
import type { EmulatorClock } from './clock.js';
import type { SessionKeyClaims, SessionKeys } from './session-keys.js';

/** The format, lifetime and claims of new session keys. */
export interface EmulatorIssuance {
  /** A JWT, as Coinflow documents, or 32 hexadecimal digits, as its reference page shows. */
  form: 'jwt' | 'opaque';
  /** The time from `iat` to `exp`. */
  lifetimeSeconds: number;
  /** Changes to the usual claims: a value replaces or adds a claim, `null` removes it. */
  claims: SessionKeyClaims;
}

export const FORMS = ['jwt', 'opaque'] as const;
export const MAX_LIFETIME_SECONDS = 10 * 365 * 86_400;

const DAY_SECONDS = 86_400;
const COINFLOW_DEFAULTS: EmulatorIssuance = { form: 'jwt', lifetimeSeconds: DAY_SECONDS, claims: {} };

/** Creates session keys according to the settings. */
export class Issuance {
  readonly #initial: EmulatorIssuance;
  #settings: EmulatorIssuance;

  constructor(
    private readonly keys: SessionKeys,
    private readonly clock: EmulatorClock,
    initial: Partial<EmulatorIssuance> = {},
  ) {
    this.#initial = checked({ ...COINFLOW_DEFAULTS, ...withoutUndefined(initial) });
    this.#settings = this.#initial;
  }

  get settings(): EmulatorIssuance {
    return { ...this.#settings };
  }

  /** Changes the settings. Those that are left out get their initial value. */
  set(settings: Partial<EmulatorIssuance>): void {
    this.#settings = checked({ ...this.#initial, ...withoutUndefined(settings) });
  }

  reset(): void {
    this.#settings = this.#initial;
  }

  /** Creates a key for a user or wallet according to the settings. */
  create(subject: SessionKeyClaims): string {
    const { form, lifetimeSeconds, claims: changes } = this.#settings;
    const usual = this.#dated(subject, lifetimeSeconds);
    const claims = Object.fromEntries(Object.entries({ ...usual, ...changes }).filter(([, value]) => value !== null));
    return form === 'opaque' ? this.keys.createOpaque(claims) : this.keys.sign(claims);
  }

  /** Signs a JWT with any claims and ignores the settings. Adds `iat` and `exp` unless they are given, if only as `undefined`. */
  sign(claims: SessionKeyClaims): string {
    return this.keys.sign(this.#dated(claims, DAY_SECONDS));
  }

  #dated(claims: SessionKeyClaims, lifetimeSeconds: number): SessionKeyClaims {
    const iat = this.clock.nowSeconds();
    return { iat, exp: iat + lifetimeSeconds, ...claims };
  }
}

function checked(settings: EmulatorIssuance): EmulatorIssuance {
  requireOneOf('form', settings.form, FORMS);
  requireInteger('lifetimeSeconds', settings.lifetimeSeconds, 1, MAX_LIFETIME_SECONDS);
  return settings;
}
