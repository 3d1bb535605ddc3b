import type { RequestWithHeaders } from '../extraction/session-key-extractor.js';
import type { CoinflowContextRequest } from '../options/context-contracts.js';

type Headers = RequestWithHeaders['headers'];

/** A client of Socket.IO. */
export interface SocketIoClient {
  readonly handshake: {
    readonly headers: Headers;
    readonly address: string;
    readonly secure: boolean;
    readonly auth: object;
  };
  readonly request: object;
}

/** The request that a WebSocket was opened with. */
export interface UpgradeRequest {
  readonly headers: Headers;
  readonly socket: { readonly remoteAddress?: string | undefined; readonly encrypted?: boolean };
}

/** The subprotocol that announces a session key as the second one: browsers can send no header with a WebSocket. */
const SUBPROTOCOL = 'coinflow';

/** No session key contains a space, so it is rejected as malformed. */
const TWO_KEYS = 'two keys';

/** Registered, so that two copies of this package in one process find it. */
const HANDSHAKE = Symbol.for('nestjs-coinflow-auth:handshake');

/** The handshake of a Socket.IO client. */
export function socketIoHandshake(client: SocketIoClient): CoinflowContextRequest {
  const { headers, address, secure, auth } = client.handshake;
  return handshake(client, client.request, { headers, address, secure }, auth);
}

/** The handshake of a native WebSocket. */
export function wsHandshake(client: object, request: UpgradeRequest): CoinflowContextRequest {
  const { headers, socket } = request;
  const { remoteAddress: address, encrypted: secure = false } = socket;
  return handshake(client, request, { headers, address, secure });
}

/** Keeps the handshake of a client for the guard. It contains the session key, so no property that is shown has it. */
export function rememberHandshake(client: object, found: CoinflowContextRequest): void {
  Object.defineProperty(client, HANDSHAKE, { value: found, configurable: true });
}

/** The handshake that {@link rememberHandshake} has kept. */
export function rememberedHandshake(client: object): CoinflowContextRequest | undefined {
  return (client as { [HANDSHAKE]?: CoinflowContextRequest })[HANDSHAKE];
}

/**
 * It has no method, as a request that may change something: the messages of the connection may, although a handshake of Socket.IO
 * over HTTP long-polling is a plain GET. A page of another site must not open one with the user's cookie.
 */
function handshake(
  carrier: object,
  raw: object,
  { headers, address, secure }: { headers: Headers; address: string | undefined; secure: boolean },
  auth: { readonly sessionKey?: unknown } = {},
): CoinflowContextRequest {
  // Copied, because a socket that is closed has no address: the request of a long poll ends before the connection.
  const socket = { remoteAddress: address, encrypted: secure };
  const keys = new Set<unknown>([auth.sessionKey, ...keysInSubprotocols(headers)]);
  for (const none of [undefined, null, '']) keys.delete(none);
  const [key] = keys;
  // A client can send any JSON. What is no string is rejected where the key is verified.
  const sessionKey = keys.size > 1 ? TWO_KEYS : (key as string | undefined);
  return { request: { headers, raw, ip: address, socket }, sessionKey, carrier };
}

function keysInSubprotocols(headers: Headers): string[] {
  const [first, ...others] = String(headers['sec-websocket-protocol'] ?? '')
    .split(',')
    .map((name) => name.trim());
  return first === SUBPROTOCOL ? others : [];
}
