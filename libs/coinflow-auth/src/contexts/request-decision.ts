import type { ExecutionContext } from '@nestjs/common';
import type { CoinflowContextRequest } from '../options/context-contracts.js';
import type { CoinflowSession } from '../session/coinflow-session.js';

const DECISION = Symbol.for('nestjs-coinflow-auth:decision');

/** The decision of a guard about one call of a handler. A second guard and `@CurrentSession()` read it. */
export interface RequestDecision {
  readonly handler: unknown;
  readonly controller: unknown;
  /** The arguments of the call: the same array for all guards of one call. */
  readonly args: readonly unknown[];
  /** The guard that made the decision. */
  readonly guard: object;
  /** `undefined` for an anonymous request under `@CoinflowOptional()`. */
  readonly session: CoinflowSession | undefined;
}

/** Several handlers can run for one request or connection at the same time. */
interface KeptDecision extends RequestDecision {
  readonly next: KeptDecision | undefined;
}

interface Carrier {
  [DECISION]?: KeptDecision | undefined;
}

export function writeDecision(
  found: CoinflowContextRequest,
  context: ExecutionContext,
  guard: object,
  session: CoinflowSession | undefined,
): void {
  const carrier: Carrier = found.carrier ?? found.request;
  const handler = context.getHandler();
  const controller = context.getClass();
  const next = carrier[DECISION] && without(carrier[DECISION], handler, controller);
  carrier[DECISION] = { handler, controller, args: context.getArgs(), guard, session, next };
}

/** The decision of an earlier guard about this call of the handler. */
export function readDecision(found: CoinflowContextRequest, context: ExecutionContext): RequestDecision | undefined {
  const decision = decisionOn(found.carrier ?? found.request, context);
  return decision?.args === context.getArgs() ? decision : undefined;
}

/**
 * The latest decision for this handler, on whichever of its arguments carries it. A request that `next()` passed on still carries
 * the decisions for previous handlers.
 */
export function findDecision(context: ExecutionContext): RequestDecision | undefined {
  for (const argument of context.getArgs<unknown[]>()) {
    const decision = typeof argument === 'object' && argument !== null ? decisionOn(argument, context) : undefined;
    if (decision) return decision;
  }
  return undefined;
}

function decisionOn(carrier: Carrier, context: ExecutionContext): RequestDecision | undefined {
  const first = carrier[DECISION];
  if (!first) return undefined;
  const handler = context.getHandler();
  const controller = context.getClass();
  for (let one: KeptDecision | undefined = first; one; one = one.next) {
    if (one.handler === handler && one.controller === controller) return one;
  }
  return undefined;
}

function without(list: KeptDecision | undefined, handler: unknown, controller: unknown): KeptDecision | undefined {
  if (!list) return undefined;
  const next = without(list.next, handler, controller);
  if (list.handler === handler && list.controller === controller) return next;
  return next === list.next ? list : { ...list, next };
}
