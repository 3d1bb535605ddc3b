import { Catch, Inject, Optional, type ArgumentsHost } from '@nestjs/common';
import { BaseExceptionFilter, ModuleRef, ModulesContainer } from '@nestjs/core';
import { throwError } from 'rxjs';
import { CoinflowAuthError } from '../errors/coinflow-auth.errors.js';
import type { CoinflowContext, CoinflowContextAdapter, ResponseWithHeaders } from '../options/context-contracts.js';
import { HTTP } from './http-context.js';
import { DroppedEvent, dropEvent } from './dropped-event.js';
import { clientError, toHttpException, writeErrorHeaders } from './http-exception.js';
import { getFromInstance, registeredInstances } from './instances.js';

/** The part of an instance that the filter needs. */
interface InstanceWithContexts {
  readonly contexts: ReadonlyMap<string, CoinflowContext>;
}

/** A client of a gateway: of Socket.IO, or a native WebSocket. */
interface WsClient {
  readonly readyState?: unknown;
  send?(message: string): unknown;
  emit?(event: string, payload: object): unknown;
}

/**
 * Converts errors of the service that a handler does not catch. HTTP: an answer with status, code and headers. RPC: an
 * error response. WebSocket: the event `exception`. Any other context: the exception of its adapter in the option `contexts`,
 * for example of GraphQL.
 *
 * In a context without an adapter, a message queue for example, the filter throws the error again. If it returned, the caller
 * would take the error for the result of the handler.
 */
@Catch(CoinflowAuthError, DroppedEvent)
export class CoinflowAuthExceptionFilter extends BaseExceptionFilter {
  // Not in the constructor, so that `new CoinflowAuthExceptionFilter()` works.
  @Optional()
  @Inject(ModuleRef)
  private readonly moduleRef?: ModuleRef;

  @Optional()
  @Inject(ModulesContainer)
  private readonly modules?: ModulesContainer;

  override catch(error: CoinflowAuthError | DroppedEvent, host: ArgumentsHost): unknown {
    if (error instanceof DroppedEvent) return dropEvent(error);
    const context: string = host.getType();
    if (context === 'rpc') return throwError(() => clientError(error));
    if (context === 'ws') return emitException(host.switchToWs().getClient<WsClient | undefined>(), error);
    if (context !== HTTP) {
      const adapter = this.#adapterOf(context);
      throw adapter ? adapter.toException(error, host) : error;
    }
    const response = host.switchToHttp().getResponse<Partial<ResponseWithHeaders> | undefined>();
    // Nest also names a context 'http' when the library that calls the handler gives it no name.
    if (!isHttpResponse(response)) throw error;
    writeErrorHeaders(response, error);
    super.catch(toHttpException(error), host);
    return undefined;
  }

  /** The adapter of the first instance that has one for this context. */
  #adapterOf(context: string): CoinflowContextAdapter | undefined {
    const { moduleRef, modules } = this;
    if (!moduleRef || !modules) return undefined;
    for (const name of registeredInstances(modules)) {
      const { contexts } = getFromInstance<InstanceWithContexts>(
        moduleRef,
        'authenticator',
        name,
        this.constructor.name,
      );
      const adapter = contexts.get(context);
      if (adapter && adapter !== 'skip') return adapter;
    }
    return undefined;
  }
}

/** Emits the error, because Nest ignores the return value of a filter for a WebSocket and does not catch its exceptions. */
function emitException(client: WsClient | undefined, error: CoinflowAuthError): void {
  const event = 'exception';
  // The `emit` of a native WebSocket reaches only its own listeners.
  if (typeof client?.readyState === 'number' && client.send) {
    client.send(JSON.stringify({ event, data: clientError(error) }));
  } else {
    client?.emit?.(event, clientError(error));
  }
}

function isHttpResponse(response: Partial<ResponseWithHeaders> | undefined): response is ResponseWithHeaders {
  return typeof response?.header === 'function';
}
