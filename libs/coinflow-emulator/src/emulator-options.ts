import type { EmulatorMerchant } from './merchants.js';
import type { EmulatorIssuance } from './issuance.js';
import type { EmulatorBlocking } from './operations/blocks.js';
import type { EmulatorLimits } from './rate-limits.js';

/** Who may use the control API (`/_emulator`): programs on this machine, every client, or nobody. */
export type EmulatorControl = (typeof CONTROLS)[number];

export const CONTROLS = ['loopback', 'any', 'off'] as const;

/** The options of `startCoinflowEmulator()`. */
export interface CoinflowEmulatorOptions {
  /**
   * The port to listen on. 0 takes a free port.
   * @default 0
   */
  port?: number;
  /**
   * The address to listen on. Every client that reaches it can create session keys.
   * @default '127.0.0.1'
   */
  host?: string;
  /**
   * The merchants, each with its API key.
   * @default DEFAULT_MERCHANTS: `demo-merchant` and `other-merchant`
   */
  merchants?: readonly EmulatorMerchant[];
  /**
   * The format, lifetime and claims of new session keys. `setIssuance()` changes them later.
   * @default JWTs of 24 hours with the usual claims
   */
  issuance?: Partial<EmulatorIssuance>;
  /**
   * The rate limits a minute. `setLimits()` changes them later.
   * @default no limits
   */
  limits?: Partial<EmulatorLimits>;
  /**
   * What blocking a user with `PUT /merchant/blocked/{customerId}` does. `setBlocking()` changes it later.
   * @default the user's sessions go on
   */
  blocking?: Partial<EmulatorBlocking>;
  /**
   * The lifetime of a message of Get Message, by the emulator's clock.
   * @default 300_000, five minutes
   */
  messageLifetimeMs?: number;
  /**
   * Who may use the control API. With `any`, every client that reaches the emulator can make it fail. The `Host` header
   * must still be the address that the emulator listens on, or one of `allowHosts`.
   * @default 'loopback'
   */
  control?: EmulatorControl;
  /**
   * Origins whose pages may call the endpoints of Coinflow, such as `https://app.test`. Origins of this machine are
   * always allowed. The control API rejects pages of every other origin.
   * @default none
   */
  allowOrigins?: readonly string[];
  /**
   * Further host names that the emulator accepts, such as `coinflow.test`. It always accepts IP addresses, names without
   * a dot, `*.localhost` and `host.docker.internal`; the control API only loopback names and the address that the emulator
   * listens on. Other names are rejected, because an attacker can point a name at this machine (DNS rebinding).
   * @default none
   */
  allowHosts?: readonly string[];
}
