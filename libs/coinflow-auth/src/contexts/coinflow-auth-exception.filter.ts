import { Catch, type ArgumentsHost } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import { throwError } from 'rxjs';
import { CoinflowAuthError } from '../errors/coinflow-auth.errors.js';
import { clientMessage, toHttpException, writeErrorHeaders, type ResponseWithHeaders } from './http-exception.js';

/** A client of a gateway: of Socket.IO, or a native WebSocket. */
interface WsClient {
  readonly readyState?: unknown;
  send?(message: string): unknown;
  emit?(event: string, payload: object): unknown;
}

/**
 * Gives errors of the service that a handler lets through the form of the context: the HTTP answer they stand for, the
 * error of an RPC response, the `exception` event of a WebSocket. In any other context, a message queue for example, the
 * error is thrown as it is: returned, it would be taken for the result of the handler.
 */
@Catch(CoinflowAuthError)
export class CoinflowAuthExceptionFilter extends BaseExceptionFilter {
  override catch(error: CoinflowAuthError, host: ArgumentsHost): unknown {
    const context: string = host.getType();
    if (context === 'rpc') return throwError(() => clientError(error));
    if (context === 'ws') return emitException(host.switchToWs().getClient<WsClient | undefined>(), error);
    const response = host.switchToHttp().getResponse<Partial<ResponseWithHeaders> | undefined>();
    // 'http' is also what Nest calls the context of a handler whose library names none.
    if (context !== 'http' || !isHttpResponse(response)) throw error;
    writeErrorHeaders(response, error);
    super.catch(toHttpException(error), host);
    return undefined;
  }
}

/** What clients of a microservice or a gateway get: as little as those of HTTP. */
function clientError(error: CoinflowAuthError): object {
  return { status: 'error', code: error.code, message: clientMessage(error) };
}

/** Nest ignores what a filter returns for a WebSocket, and does not catch what it throws. */
function emitException(client: WsClient | undefined, error: CoinflowAuthError): void {
  const event = 'exception';
  // A native WebSocket has `emit` too, which reaches only its own listeners.
  if (typeof client?.readyState === 'number' && client.send) {
    client.send(JSON.stringify({ event, data: clientError(error) }));
  } else {
    client?.emit?.(event, clientError(error));
  }
}

function isHttpResponse(response: Partial<ResponseWithHeaders> | undefined): response is ResponseWithHeaders {
  return typeof response?.header === 'function';
}
