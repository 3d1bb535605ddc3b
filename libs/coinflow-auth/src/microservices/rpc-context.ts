import type { ArgumentsHost, ExecutionContext } from '@nestjs/common';
import { RpcException } from '@nestjs/microservices';
import { DroppedEvent } from '../contexts/dropped-event.js';
import { clientError, misconfigured } from '../contexts/http-exception.js';
import type { CoinflowAuthError } from '../errors/coinflow-auth.errors.js';
import { statusOf } from '../errors/client-answer.js';
import type { RequestWithHeaders } from '../extraction/session-key-extractor.js';
import type { CoinflowContextAdapter } from '../options/context-contracts.js';
import { isEventHandler } from '../util/nest-metadata.js';
import { isUnexpectedPromise } from '../util/promises.js';

/** The options of {@link rpcContext}. */
export interface RpcContextOptions {
  /**
   * Finds the session key in a message: in its data, or in the context of its transport. `undefined`, `null` and an empty text are
   * no key. What is not a string is answered `COINFLOW_SESSION_KEY_MALFORMED`.
   *
   * It must be synchronous, and must not throw for any data that a client can send.
   */
  sessionKeyOf(this: void, data: unknown, context: object): string | null | undefined;
}

/**
 * A message, as `budget.getClient` receives it. It has no address: the peer of a connection is a broker or another service, not
 * the user. So the limits per client apply to messages only if `budget.getClient` finds the client in them.
 */
export interface RpcRequest extends RequestWithHeaders {
  /** The payload of the message. The client chooses it. */
  readonly data: unknown;
  /** The context of the transport: `TcpContext`, `RedisContext` and others. */
  readonly context: object;
}

/**
 * Authenticates the message handlers of `@nestjs/microservices`: `@MessagePattern()` and `@EventPattern()`.
 *
 * A rejected request is answered with an `RpcException` of `{ status: 'error', code, message }`. A rejected event is dropped and
 * logged (401 and 403), or fails, so that a broker can deliver it again (429, 500 and 503).
 * @example
 * contexts: { rpc: rpcContext({ sessionKeyOf: (data) => (data as { sessionKey?: string } | null)?.sessionKey }) }
 */
export function rpcContext({ sessionKeyOf }: RpcContextOptions): CoinflowContextAdapter {
  return {
    find(context) {
      const data = context.getArgByIndex<unknown>(0);
      const carrier = transportContext(context);
      const request: RpcRequest = { headers: {}, data, context: carrier };
      return { request, sessionKey: callSessionKeyOf(sessionKeyOf, data, carrier), carrier };
    },
    toException(error, host) {
      const handler = eventHandlerOf(host);
      return handler !== undefined && isRejection(error)
        ? new DroppedEvent(error.code, handler)
        : new RpcException(clientError(error));
    },
  };
}

/** The context that the transport creates for each message. It carries the session. */
function transportContext(context: ExecutionContext): object {
  const carrier = context.getArgByIndex<unknown>(1);
  if (typeof carrier === 'object' && carrier !== null) return carrier;
  throw misconfigured(`The transport of ${nameOf(context)} gives its handlers no context`, {
    reason: 'context-invalid',
    action: 'Let the transport strategy pass an object for each message as the second argument of its handlers.',
  });
}

function callSessionKeyOf(
  sessionKeyOf: RpcContextOptions['sessionKeyOf'],
  data: unknown,
  context: object,
): string | undefined {
  let key: string | null | undefined;
  try {
    key = sessionKeyOf(data, context);
  } catch {
    // The error may contain a part of the payload, so it is not logged.
    throw misconfigured('The function sessionKeyOf of rpcContext() throws', {
      reason: 'session-key-of-throws',
      action: 'Return undefined for a message without a session key. A client can send any data, null as well.',
    });
  }
  if (!isUnexpectedPromise(key)) return key ?? '';
  throw misconfigured('The function sessionKeyOf of rpcContext() returns a promise', {
    reason: 'session-key-of-async',
    action: 'Make it synchronous: return the session key, or undefined.',
  });
}

/** Whether Coinflow or the policy rejects the session key for good. It does so again however often the event is delivered. */
function isRejection(error: CoinflowAuthError): boolean {
  const status = statusOf(error);
  return status === 401 || status === 403;
}

/** The name of the event handler that the guard runs for; `undefined` for a request, and in a filter. */
function eventHandlerOf(host: ArgumentsHost): string | undefined {
  const context = host as Partial<ExecutionContext>;
  const handler = context.getHandler?.() as object | null | undefined;
  return handler && isEventHandler(handler) ? nameOf(host as ExecutionContext) : undefined;
}

function nameOf(context: ExecutionContext): string {
  return `${context.getClass().name}.${context.getHandler().name}`;
}
