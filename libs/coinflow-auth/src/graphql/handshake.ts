import { isBehindUntrustedProxy } from '../extraction/client-address.js';
import { SESSION_KEY_HEADER, type RequestWithHeaders } from '../extraction/session-key-extractor.js';
import { isObject, isRequest, type OperationContext } from './operation-context.js';
import type { SessionConnection } from './session-sockets.js';

/** What is known about a client of graphql-ws. */
export interface Handshake {
  /** The request that opened the socket. */
  readonly request: RequestWithHeaders;
  /** The key in the `connectionParams`. */
  readonly sessionKey: string | undefined;
  readonly connection: SessionConnection;
}

/** The context of graphql-ws, and its part `extra`, as the application's context function may pass them on. */
interface SocketContext {
  readonly connectionParams?: unknown;
  readonly extra?: unknown;
  readonly socket?: unknown;
  readonly request?: unknown;
}

/**
 * The headers that the `connectionParams` can contain. No others: a page of another site chooses them, and the check of
 * cookies against such pages reads headers.
 */
const HEADERS = [SESSION_KEY_HEADER, 'authorization'];

/** The handshake of an operation over graphql-ws; `undefined` for one over HTTP. */
export function handshakeOf(operation: OperationContext): Handshake | undefined {
  for (const candidate of [operation.req, operation.request, operation]) {
    if (!isObject(candidate)) continue;
    const { extra = candidate, connectionParams = operation.connectionParams } = candidate as SocketContext;
    const { socket, request } = Object(extra) as SocketContext;
    if (!isRequest(request) || !isSocket(socket)) continue;
    return handshake(request, socket, connectionParams);
  }
  return undefined;
}

function handshake(request: RequestWithHeaders, connection: SessionConnection, connectionParams: unknown): Handshake {
  const params = Object.entries(Object(connectionParams) as Record<string, unknown>);
  const sessionKey = params.find(([name]) => name === 'sessionKey')?.[1];
  return {
    request: {
      headers: { ...request.headers, ...headersIn(params), upgrade: 'websocket' },
      method: request.method ?? 'GET',
      socket: request.socket,
      ip: addressOf(request),
      raw: request as RequestWithHeaders['raw'] & object,
    },
    // JSON has any type, and what is no text is rejected later. Empty ones are those of a client that has not logged in.
    sessionKey: sessionKey === null || sessionKey === '' ? undefined : (sessionKey as string | undefined),
    connection,
  };
}

/** Several spellings of a name are several values, which the extractor compares. */
function headersIn(params: readonly [string, unknown][]): Record<string, string[]> {
  const headers: Record<string, string[]> = {};
  for (const [name, value] of params) {
    const header = HEADERS.find((one) => one === name.toLowerCase());
    if (header && typeof value === 'string' && value !== '') (headers[header] ??= []).push(value);
  }
  return headers;
}

/** No framework determines the address of a client behind proxies here: it is unknown then. */
function addressOf({ headers, socket }: RequestWithHeaders): string | undefined {
  const ip = socket?.remoteAddress;
  return isBehindUntrustedProxy({ headers, ip, socket }) ? undefined : ip;
}

function isSocket(value: unknown): value is SessionConnection {
  const { close, once } = Object(value) as Partial<SessionConnection>;
  return typeof close === 'function' && typeof once === 'function';
}
