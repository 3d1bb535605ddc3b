import type { AnyCoinflowAuthError } from '../errors/coinflow-auth.errors.js';
import type { CoinflowSubject } from '../session/subject.js';
import type { CoinflowDecidedBy } from '../verification/decision-trace.js';

export const DECISION_OUTCOMES = [
  'authenticated',
  'anonymous',
  'unauthenticated',
  'forbidden',
  'rate-limited',
  'unavailable',
  'misconfigured',
] as const;

/**
 * What became of a request: `authenticated`, with a session; `anonymous`, without a key under `@CoinflowOptional()`;
 * `unauthenticated` (401); `forbidden` (403); `rate-limited` (429); `unavailable` (503), since the key could not be verified;
 * `misconfigured` (500), a mistake in the application's configuration.
 */
export type CoinflowDecisionOutcome = (typeof DECISION_OUTCOMES)[number];

/** One decision about a request, for audit logs. It holds no secret. */
export interface CoinflowDecision {
  readonly outcome: CoinflowDecisionOutcome;
  /** What the decision came from. */
  readonly decidedBy: CoinflowDecidedBy;
  /** Who was let in; `null` for nobody in particular. */
  readonly subject: CoinflowSubject | null;
  /** Why not: its `code`, `reason` and `message` say more than the client learns. `undefined` when the request was let in. */
  readonly error: AnyCoinflowAuthError | undefined;
  /** The handler that the guard stands before, as `MeController.me`; `undefined` for `verifySessionKey()`. */
  readonly handler: string | undefined;
  /** The name of the instance that decided; `undefined` for the unnamed one. */
  readonly instance: string | undefined;
}

/** Told of each decision, when it is made. What it throws is logged once and harms nobody. */
export type CoinflowDecisionListener = (decision: CoinflowDecision) => void | Promise<void>;
