/**
 * The HTTP API between the page and its backend. Both sides import this file; it has types only.
 *
 *     GET   /demo/state     DemoState
 *     GET   /demo/events    server-sent events, see `DemoEvents`
 *     PATCH /demo/coinflow  EmulatorChange -> EmulatorSettings       only with the emulator
 *     POST  /demo/keys      { kind: InvalidKeyKind } -> { key }      only with the emulator
 *     POST  /demo/webhooks  DemoWebhook -> DemoDelivery              only with the emulator and webhooks
 *
 * The routes accept requests from this machine and from pages of this origin only.
 */
import type {
  AnyCoinflowAuthError,
  CoinflowAuthMetrics,
  CoinflowDecisionOutcome,
  CoinflowDecidedBy,
  CoinflowSubject,
} from 'nestjs-coinflow-auth';

/** The page loads this first. */
export interface DemoState {
  readonly env: string;
  readonly merchantId: string;
  /** The settings of the emulator; `null` if the sample uses the real Coinflow. */
  readonly coinflow: EmulatorSettings | null;
  readonly webhooks: boolean;
  /** The demo users; empty if they are disabled. */
  readonly users: readonly { readonly username: string; readonly password: string }[];
}

/** How the emulator responds: normally, with 503, after one second, with 429, or never. */
export type EmulatorCondition = 'healthy' | 'outage' | 'slow' | 'rate-limited' | 'unresponsive';

/** How the emulator responds to card checkouts: normally, not at all after it has charged the card, or with 423. */
export type CheckoutCondition = 'healthy' | 'response-lost' | 'user-blocked';

export interface EmulatorSettings {
  readonly condition: EmulatorCondition;
  readonly checkout: CheckoutCondition;
  /** The lifetime of the session keys that the emulator creates from now on. */
  readonly lifetimeSeconds: number;
  /** The clock of the emulator minus the clock of this machine. */
  readonly clockOffsetMs: number;
}

export type EmulatorChange = Partial<EmulatorSettings>;

/** Session keys that only the emulator can sign. The guard must reject both. */
export type InvalidKeyKind = 'foreign' | 'expired';

/** `duplicate` is sent twice, `forged` has a wrong signature. Each event settles a payment of 5.00 by the subject. */
export interface DemoWebhook {
  readonly kind: 'settled' | 'duplicate' | 'forged';
  readonly subject: CoinflowSubject;
}

/** The status of each delivery attempt; 0 if there was no response. */
export interface DemoDelivery {
  readonly statuses: readonly number[];
}

/** One decision of the guard. */
export interface DemoDecision {
  /** Milliseconds since 1970, by the clock of the sample. */
  readonly at: number;
  readonly outcome: CoinflowDecisionOutcome;
  readonly decidedBy: CoinflowDecidedBy;
  readonly code: AnyCoinflowAuthError['code'] | null;
  /** Class and method, as in `MeController.me`. */
  readonly handler: string | null;
  readonly subject: CoinflowSubject | null;
}

/** The events of `GET /demo/events`, by name. */
export interface DemoEvents {
  /** The decisions since the last event, at most ten times a second. */
  decisions: readonly DemoDecision[];
  /** Sent first, then after changes, at most four times a second. */
  metrics: CoinflowAuthMetrics;
  /** Sent first, then after each change. */
  coinflow: EmulatorSettings | null;
}
