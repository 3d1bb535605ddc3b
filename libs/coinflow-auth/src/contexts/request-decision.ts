import type { ExecutionContext } from '@nestjs/common';
import type { CoinflowSession } from '../session/coinflow-session.js';

const DECISION = Symbol.for('nestjs-coinflow-auth:decision');

/** The decision of a guard about a request and one handler. A second guard and `@CurrentSession()` read it. */
export interface RequestDecision {
  readonly handler: unknown;
  readonly controller: unknown;
  /** The guard that made the decision. */
  readonly guard: object;
  /** `undefined` for an anonymous request under `@CoinflowOptional()`. */
  readonly session: CoinflowSession | undefined;
}

interface DecidedRequest {
  [DECISION]?: RequestDecision;
}

export function writeDecision(request: object, decision: RequestDecision): void {
  (request as DecidedRequest)[DECISION] = decision;
}

/** The decision for this handler. A request that `next()` passed on still carries the decision for the previous handler. */
export function readDecision(
  request: object,
  context: Pick<ExecutionContext, 'getHandler' | 'getClass'>,
): RequestDecision | undefined {
  const decision = (request as DecidedRequest)[DECISION];
  const isOfHandler = decision?.handler === context.getHandler() && decision.controller === context.getClass();
  return isOfHandler ? decision : undefined;
}
