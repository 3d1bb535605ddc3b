import type { ExecutionContext } from '@nestjs/common';
import type { CoinflowSession } from '../session/coinflow-session.js';

const DECISION = Symbol.for('nestjs-coinflow-auth:decision');

/** What the guard decided about a request, for one handler: read by a second guard, and by `@CurrentSession()`. */
export interface RequestDecision {
  readonly handler: unknown;
  readonly controller: unknown;
  /** The guard that decided. */
  readonly guard: object;
  /** `undefined`: let in without a session, as the route allows. */
  readonly session: CoinflowSession | undefined;
}

interface DecidedRequest {
  [DECISION]?: RequestDecision;
}

export function writeDecision(request: object, decision: RequestDecision): void {
  (request as DecidedRequest)[DECISION] = decision;
}

/** The decision for this handler. After `next()` a request still carries that for the handler before it. */
export function readDecision(
  request: object,
  context: Pick<ExecutionContext, 'getHandler' | 'getClass'>,
): RequestDecision | undefined {
  const decision = (request as DecidedRequest)[DECISION];
  const isOfHandler = decision?.handler === context.getHandler() && decision.controller === context.getClass();
  return isOfHandler ? decision : undefined;
}
