import type { ExecutionContext } from '@nestjs/common';
import type { CoinflowContextRequest } from '../options/context-contracts.js';
import type { CoinflowSession } from '../session/coinflow-session.js';

const DECISION = Symbol.for('nestjs-coinflow-auth:decision');

/** A guard, as the parameter decorators use it. */
export interface DecidingGuard {
  /** The application's user of the session. */
  loadUser(context: ExecutionContext, decision: RequestDecision, session: CoinflowSession): Promise<unknown>;
}

/** The decision of a guard about one call of a handler. A second guard and `@CurrentSession()` read it. */
export interface RequestDecision {
  readonly handler: unknown;
  readonly controller: unknown;
  /** The call: its arguments are the same array for all of its guards. */
  readonly call: Call;
  /** The guard that made the decision. */
  readonly guard: DecidingGuard;
  /** An object of the request. It is `undefined` on a connection, for which each call is a request. */
  readonly request: object | undefined;
  /** `undefined` for an anonymous request under `@CoinflowOptional()`. */
  readonly session: CoinflowSession | undefined;
}

/**
 * The arguments of a call. A connection lives longer than its calls: if it carries the decision, it must not keep the arguments
 * of the last call.
 */
type Call = readonly unknown[] | WeakRef<readonly unknown[]>;

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
  guard: DecidingGuard,
  session: CoinflowSession | undefined,
): void {
  const carrier: Carrier = carrierOf(found);
  const handler = context.getHandler();
  const controller = context.getClass();
  const next = carrier[DECISION] && without(carrier[DECISION], handler, controller);
  const request = found.carrier && !found.isShared ? undefined : carrier;
  carrier[DECISION] = { handler, controller, call: callOf(found, context), guard, request, session, next };
}

/** The object that carries the decisions. */
export function carrierOf({ carrier, request }: CoinflowContextRequest): object {
  return carrier ?? request;
}

function callOf({ carrier, isShared }: CoinflowContextRequest, context: ExecutionContext): Call {
  const args = context.getArgs<unknown[]>();
  // What handlers share is one request, which ends as its calls do.
  return carrier && !isShared ? new WeakRef(args) : args;
}

/** The decision of an earlier guard about this call of the handler. */
export function readDecision(found: CoinflowContextRequest, context: ExecutionContext): RequestDecision | undefined {
  const decision = decisionOn(carrierOf(found), context);
  if (!decision) return undefined;
  const args = decision.call instanceof WeakRef ? decision.call.deref() : decision.call;
  return args === context.getArgs() ? decision : undefined;
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
