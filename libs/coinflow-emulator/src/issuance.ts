import { given, requireInteger, requireOneOf } from './checks.js';
import type { EmulatorClock } from './clock.js';
import type { SessionKeyClaims, SessionKeys } from './session-keys.js';

/** What the session keys look like that the emulator mints. */
export interface EmulatorIssuance {
  /** A JWT, as Coinflow documents; or 32 hexadecimal digits, as its reference page shows. */
  form: 'jwt' | 'opaque';
  /** From `iat` to `exp`. */
  lifetimeSeconds: number;
  /** Over the usual claims: a value replaces or adds one, `null` removes it. */
  claims: SessionKeyClaims;
}

export const FORMS = ['jwt', 'opaque'] as const;
export const MAX_LIFETIME_SECONDS = 10 * 365 * 86_400;

const DAY_SECONDS = 86_400;
const AS_COINFLOW: EmulatorIssuance = { form: 'jwt', lifetimeSeconds: DAY_SECONDS, claims: {} };

/** Makes session keys in the way that is set. */
export class Issuance {
  readonly #initial: EmulatorIssuance;
  #settings: EmulatorIssuance;

  constructor(
    private readonly keys: SessionKeys,
    private readonly clock: EmulatorClock,
    initial: Partial<EmulatorIssuance> = {},
  ) {
    this.#initial = checked({ ...AS_COINFLOW, ...given(initial) });
    this.#settings = this.#initial;
  }

  get settings(): EmulatorIssuance {
    return { ...this.#settings };
  }

  /** From now on keys are minted so. What is not given is as it was at the start, whatever was set in between. */
  set(settings: Partial<EmulatorIssuance>): void {
    this.#settings = checked({ ...this.#initial, ...given(settings) });
  }

  reset(): void {
    this.#settings = this.#initial;
  }

  /** A key for this user or wallet, as the settings want it. */
  create(subject: SessionKeyClaims): string {
    const { form, lifetimeSeconds, claims: changes } = this.#settings;
    const usual = this.#dated(subject, lifetimeSeconds);
    const claims = Object.fromEntries(Object.entries({ ...usual, ...changes }).filter(([, value]) => value !== null));
    return form === 'opaque' ? this.keys.makeOpaque(claims) : this.keys.sign(claims);
  }

  /** A JWT with any claims, whatever the settings; `iat` and `exp` among them replace the usual ones, `undefined` leaves them out. */
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
