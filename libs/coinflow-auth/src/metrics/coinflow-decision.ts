import type { AnyCoinflowAuthError } from '../errors/coinflow-auth.errors.js';
import type { CoinflowSubject } from '../session/subject.js';
import type { CoinflowDecidedBy } from '../verification/verification-result.js';

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
 * What became of a request:
 * - `authenticated`: accepted, with a session.
 * - `anonymous`: accepted without a session key, under `@CoinflowOptional()`.
 * - `unauthenticated`: 401. The session key is missing or invalid.
 * - `forbidden`: 403. The session is valid, and not allowed here.
 * - `rate-limited`: 429. The client or the user has reached a limit of the option `budget`.
 * - `unavailable`: 503. The session key could not be verified now.
 * - `misconfigured`: 500. The configuration of the application is wrong.
 */
export type CoinflowDecisionOutcome = (typeof DECISION_OUTCOMES)[number];

/** One decision about a request, for audit logs. It holds no secret. */
export interface CoinflowDecision {
  /** What became of the request. */
  readonly outcome: CoinflowDecisionOutcome;
  /** What the decision came from. */
  readonly decidedBy: CoinflowDecidedBy;
  /** The user or wallet that was authenticated; `null` when the request was not, or the key names neither. */
  readonly subject: CoinflowSubject | null;
  /** Why the request was rejected. It says more than the client learns. `undefined` when the request was accepted. */
  readonly error: AnyCoinflowAuthError | undefined;
  /** The guarded handler, such as `MeController.me`; `undefined` when the service decided. */
  readonly handler: string | undefined;
  /** The name of the instance that decided; `undefined` for the unnamed one. */
  readonly instance: string | undefined;
}

/**
 * Called for each decision, when it is made. If it throws, that is logged once and does not affect the request.
 *
 * @inline
 */
export type CoinflowDecisionListener = (decision: CoinflowDecision) => void | Promise<void>;
