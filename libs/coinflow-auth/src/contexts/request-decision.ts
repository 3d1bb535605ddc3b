import type { CoinflowSession } from '../session/coinflow-session.js';

const DECISION = Symbol.for('nestjs-coinflow-auth:decision');

/** What the guard decided about a request, for one handler: read by a second guard, and by `@CurrentSession()`. */
export interface RequestDecision {
  readonly handler: unknown;
  readonly controller: unknown;
  /** `undefined`: let in without a session, as the route allows. */
  readonly session: CoinflowSession | undefined;
}

interface DecidedRequest {
  [DECISION]?: RequestDecision;
}

export function writeDecision(request: object, decision: RequestDecision): void {
  (request as DecidedRequest)[DECISION] = decision;
}

export function readDecision(request: object): RequestDecision | undefined {
  return (request as DecidedRequest)[DECISION];
}
