import type { ConnectionCheck, Refusal } from './connection-check.js';
import { isRefusal } from './web-socket-context.js';
import { rememberHandshake, wsHandshake, type UpgradeRequest } from './handshake.js';

/** A native WebSocket, of the package `ws`. */
interface WsClient {
  readonly readyState: number;
  pause(): void;
  resume(): void;
  close(code: number, reason: string): void;
  send(text: string): void;
  on(event: 'error', listener: () => void): unknown;
  on(event: 'exception', listener: (payload: unknown) => void): unknown;
  off(event: 'error', listener: () => void): unknown;
  once(event: 'close', listener: () => void): unknown;
}

type Connected = (client: WsClient, request: UpgradeRequest) => void;

/** A `WebSocketServer` of the package `ws`. */
export interface WsServer {
  handleUpgrade(request: UpgradeRequest, socket: object, head: object, connected: Connected): void;
}

const OPEN = 1;

/**
 * Authenticates native WebSockets. Nest learns of a client when it is authenticated, and not before; the client's messages wait
 * until then. A refused client is closed after the upgrade: browsers show the code of a close, but no status of an upgrade.
 */
export function authenticateWs(server: WsServer, connections: ConnectionCheck): void {
  // `ws` calls it by this name in every mode, and so does Nest. The event `connection` is emitted by what it calls back.
  const handleUpgrade = server.handleUpgrade.bind(server);
  server.handleUpgrade = (request, socket, head, connected) =>
    handleUpgrade(request, socket, head, (client) => {
      admit(client, request, connections, connected).catch((error: unknown) =>
        close(client, connections.failed(error)),
      );
    });
}

async function admit(
  client: WsClient,
  request: UpgradeRequest,
  connections: ConnectionCheck,
  connected: Connected,
): Promise<void> {
  // Nobody else listens yet, and an error without a listener would end the process. The event `close` follows it.
  const ignore = (): void => undefined;
  client.on('error', ignore);
  client.pause();
  const handshake = wsHandshake(client, request);
  const { session, refusal } = await connections.check(handshake);
  // The next messages arrive in another tick, when they have handlers. A refused client answers the close.
  client.resume();
  if (refusal) close(client, refusal);
  if (client.readyState !== OPEN) return;
  rememberHandshake(client, handshake);
  if (session)
    client.once(
      'close',
      connections.watch(session, (ended) => close(client, ended)),
    );
  if (client.readyState !== OPEN) return;
  client.on('exception', (payload) => sendRefusal(client, payload));
  connected(client, request);
  client.off('error', ignore);
}

/** NestJS 11 emits an exception on a native WebSocket, which reaches listeners of this process only. NestJS 12 sends it. */
function sendRefusal(client: WsClient, data: unknown): void {
  if (isRefusal(data)) client.send(JSON.stringify({ event: 'exception', data }));
}

function close(client: WsClient, { closeCode, data }: Refusal): void {
  client.close(closeCode, data.code);
}
