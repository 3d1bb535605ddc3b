/**
 * What the page and the sample say to each other, for both sides to import: types only.
 *
 *     GET   /demo/state     DemoState
 *     GET   /demo/events    server-sent events, see `DemoEvents`
 *     PATCH /demo/coinflow  DemoCoinflowChange -> DemoCoinflow     only with the emulator
 *     POST  /demo/keys      { kind: DemoKeyKind } -> { key }       only with the emulator
 *     POST  /demo/webhooks  DemoWebhook -> DemoDelivery            only with the emulator and webhooks
 *
 * All for this machine only, and for pages of this origin.
 */
import type {
  AnyCoinflowAuthError,
  CoinflowAuthMetrics,
  CoinflowDecisionOutcome,
  CoinflowDecidedBy,
  CoinflowSubject,
} from 'nestjs-coinflow-auth';

/** What the page needs to know before it can show anything. */
export interface DemoState {
  readonly env: string;
  readonly merchantId: string;
  /** The switches of the emulator; `null` where Coinflow is the real one. */
  readonly coinflow: DemoCoinflow | null;
  readonly webhooks: boolean;
  /** Who can log in; nobody where the demo users are off. */
  readonly users: readonly { readonly username: string; readonly password: string }[];
}

/** How Coinflow is: answering, failing with 503, answering after a second, answering 429, or not at all. */
export type DemoCondition = 'well' | 'outage' | 'slow' | 'rate-limited' | 'silent';

/** How the emulator is set. */
export interface DemoCoinflow {
  readonly condition: DemoCondition;
  /** How long the session keys live that it makes from now on. */
  readonly lifetimeSeconds: number;
  /** Its clock minus this machine's. */
  readonly clockOffsetMs: number;
}

export type DemoCoinflowChange = Partial<DemoCoinflow>;

/** Session keys that the page cannot make by itself, signed by the emulator. */
export type DemoKeyKind = 'foreign' | 'expired';

/** `repeat` is sent twice, `forged` with a wrong signature. Each settles 5.00 for the subject. */
export interface DemoWebhook {
  readonly kind: 'settle' | 'repeat' | 'forged';
  readonly subject: CoinflowSubject;
}

/** What became of a webhook: the status of each attempt, 0 for one that nobody answered. */
export interface DemoDelivery {
  readonly statuses: readonly number[];
}

/** One decision of the guard: who, what became of it, and why. */
export interface DemoDecision {
  /** Milliseconds since 1970, by the sample's clock. */
  readonly at: number;
  readonly outcome: CoinflowDecisionOutcome;
  readonly decidedBy: CoinflowDecidedBy;
  readonly code: AnyCoinflowAuthError['code'] | null;
  /** The handler, as `MeController.me`. */
  readonly handler: string | null;
  readonly subject: CoinflowSubject | null;
}

/** The events of `GET /demo/events`, by name. */
export interface DemoEvents {
  /** What was decided since the last one: one event for many, ten times a second at most. */
  decisions: readonly DemoDecision[];
  /** At the start, and at most four times a second when something has changed. */
  figures: CoinflowAuthMetrics;
  /** At the start and after each change. */
  coinflow: DemoCoinflow | null;
}
