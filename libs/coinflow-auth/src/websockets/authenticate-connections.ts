import type { CoinflowRequestPolicy } from '../coinflow-auth.interfaces.js';
import { misconfigured } from '../contexts/http-exception.js';
import { ConnectionCheck, type ConnectionService } from './connection-check.js';
import { authenticateSocketIo, type SocketIoServer } from './socket-io-connections.js';
import { authenticateWs, type WsServer } from './ws-connections.js';

/** A server or a namespace of Socket.IO, or a `WebSocketServer` of `ws`. */
type ConnectionServer = SocketIoServer | WsServer;

/**
 * Authenticates the clients of a gateway when they connect, and closes their connections when their sessions end. Call it in
 * `afterInit()`: no handler runs then for a client without a valid session key, `handleConnection()` included. Call it once for each
 * namespace of Socket.IO, and for each server of `ws`.
 *
 * A client sends its session key as `auth: { sessionKey }` (Socket.IO), as the second of the subprotocols `['coinflow', sessionKey]`,
 * or where the option `extractor` looks in the handshake. A key of the first two wins over the others. A cookie of a page of another
 * site is refused.
 *
 * A refused client of Socket.IO gets `connect_error`, whose `data` is `{ code, message, retryAfterMs }`. A native WebSocket is closed
 * with 4000 and the status that HTTP would have, for example 4401, and with the code as the reason. When the session ends, Socket.IO
 * clients get the event `exception` with the same code and are disconnected, and a native WebSocket is closed with 4401.
 * @param coinflow the service of the instance that authenticates the connections
 * @param policy as in `@CoinflowAuth({ ... })`. With `access: 'optional'` clients without a session key are accepted as well: their
 * messages reach handlers under `@CoinflowOptional()` or `@CoinflowPublic()`
 * @throws `CoinflowMisconfiguredError` when it is no such server
 * @example
 * afterInit(server: Server) {
 *   authenticateConnections(server, this.coinflow);
 * }
 */
export function authenticateConnections(
  server: ConnectionServer,
  coinflow: ConnectionService,
  policy: CoinflowRequestPolicy = {},
): void {
  const connections = new ConnectionCheck(coinflow, policy);
  if (isSocketIo(server)) authenticateSocketIo(server, connections);
  else if (isWs(server)) authenticateWs(server, connections);
  else throw unknownServer();
}

function isSocketIo(server: ConnectionServer): server is SocketIoServer {
  return typeof (server as Partial<SocketIoServer> | undefined)?.use === 'function';
}

/** In JavaScript the argument may have any type. */
function isWs(server: Partial<WsServer> | undefined): server is WsServer {
  return typeof server?.handleUpgrade === 'function';
}

function unknownServer(): Error {
  return misconfigured('authenticateConnections() knows neither Socket.IO nor ws in the server of this gateway', {
    reason: 'server-unknown',
    action: 'Pass the server that afterInit(server) of the gateway gets, with the adapter for Socket.IO or WsAdapter.',
  });
}
