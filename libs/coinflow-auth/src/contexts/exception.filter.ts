import { Catch, type ArgumentsHost } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import { throwError } from 'rxjs';
import { CoinflowAuthError } from '../errors/coinflow-auth.errors.js';
import type { ResponseWithHeaders } from '../options/context-contracts.js';
import { DroppedEvent, dropEvent } from './dropped-event.js';
import { clientError, toHttpException, writeErrorHeaders } from './http-exception.js';

/** A client of a gateway: of Socket.IO, or a native WebSocket. */
interface WsClient {
  readonly readyState?: unknown;
  send?(message: string): unknown;
  emit?(event: string, payload: object): unknown;
}

/**
 * Converts errors of the service that a handler does not catch. HTTP: an answer with status, code and headers. RPC: an
 * error response. WebSocket: the event `exception`.
 *
 * In any other context, a message queue for example, the filter throws the error again. If it returned, the caller would
 * take the error for the result of the handler.
 */
@Catch(CoinflowAuthError, DroppedEvent)
export class CoinflowAuthExceptionFilter extends BaseExceptionFilter {
  override catch(error: CoinflowAuthError | DroppedEvent, host: ArgumentsHost): unknown {
    if (error instanceof DroppedEvent) return dropEvent(error);
    const context: string = host.getType();
    if (context === 'rpc') return throwError(() => clientError(error));
    if (context === 'ws') return emitException(host.switchToWs().getClient<WsClient | undefined>(), error);
    const response = host.switchToHttp().getResponse<Partial<ResponseWithHeaders> | undefined>();
    // Nest also names a context 'http' when the library that calls the handler gives it no name.
    if (context !== 'http' || !isHttpResponse(response)) throw error;
    writeErrorHeaders(response, error);
    super.catch(toHttpException(error), host);
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
