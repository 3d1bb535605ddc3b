import type { EmulatorMerchant } from './merchants.js';
import type { EmulatorIssuance } from './issuance.js';
import type { EmulatorLimits } from './rate-limits.js';

/** Who may use the control path, `/_emulator`: programs on this machine, whoever reaches it, or nobody. */
export type EmulatorControl = (typeof CONTROLS)[number];

export const CONTROLS = ['loopback', 'any', 'off'] as const;

/** What an emulator can be started with. */
export interface CoinflowEmulatorOptions {
  /**
   * 0 takes a free one.
   * @default 0
   */
  port?: number;
  /**
   * The address to listen at. Everybody who reaches it can mint session keys.
   * @default '127.0.0.1'
   */
  host?: string;
  /**
   * The merchants that exist, each with its API key.
   * @default DEFAULT_MERCHANTS: `demo-merchant` and `other-merchant`
   */
  merchants?: readonly EmulatorMerchant[];
  /**
   * What the session keys look like that are minted, until `setIssuance` says otherwise.
   * @default JWTs of 24 hours with the usual claims
   */
  issuance?: Partial<EmulatorIssuance>;
  /**
   * How many requests a minute are answered, until `setLimits` says otherwise.
   * @default no limits
   */
  limits?: Partial<EmulatorLimits>;
  /**
   * For how long a message of Get Message can be signed, by the emulator's clock.
   * @default 300_000, five minutes
   */
  messageLifetimeMs?: number;
  /**
   * Who may use the control path. With `any` whoever reaches the emulator can make it fail; the `Host` that they call
   * it by must still be the address it listens at, or one of `allowHosts`.
   * @default 'loopback'
   */
  control?: EmulatorControl;
  /**
   * Origins whose pages may call the endpoints of Coinflow from a browser, such as `https://app.test`. Origins of this
   * machine always may. The control API answers to no page of another origin.
   * @default none
   */
  allowOrigins?: readonly string[];
  /**
   * Further host names that the emulator answers to, such as `coinflow.test`. Without it: addresses, names without a dot,
   * `*.localhost` and `host.docker.internal`; for the control API only loopback names and the address it listens at. A name
   * that an attacker owns could be made to point at this machine.
   * @default none
   */
  allowHosts?: readonly string[];
}
