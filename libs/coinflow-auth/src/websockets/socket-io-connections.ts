import type { CoinflowSession } from '../session/coinflow-session.js';
import type { ConnectionCheck, Refusal } from './connection-check.js';
import { rememberHandshake, socketIoHandshake, type SocketIoClient } from './handshake.js';

/** A client of Socket.IO that is connected. */
interface ConnectedClient extends SocketIoClient {
  emit(event: string, payload: object): unknown;
  once(event: 'disconnect', listener: () => void): unknown;
  disconnect(close: boolean): unknown;
}

/** A server of Socket.IO, or one of its namespaces. */
export interface SocketIoServer {
  use(middleware: (client: ConnectedClient, next: (error?: Error) => void) => void): unknown;
  on(event: 'connection', listener: (client: ConnectedClient) => void): unknown;
}

/** The options that Socket.IO has resolved: of the server, or of the server of a namespace. */
interface ServerOptions {
  readonly opts?: { readonly connectionStateRecovery?: { skipMiddlewares?: boolean } };
  readonly server?: ServerOptions;
}

/** What a client reads in the event `connect_error`. */
class ConnectError extends Error {
  constructor(readonly data: Refusal['data']) {
    super(data.message);
  }
}

/** Authenticates clients of Socket.IO in a middleware. A refused client gets `connect_error`. */
export function authenticateSocketIo(server: SocketIoServer, connections: ConnectionCheck): void {
  const sessions = new WeakMap<object, CoinflowSession>();
  authenticateRecovered(server);
  server.use((client, next) => {
    const handshake = socketIoHandshake(client);
    void connections.check(handshake).then(({ session, refusal }) => {
      if (refusal) return next(new ConnectError(refusal.data));
      rememberHandshake(client, handshake);
      if (session) sessions.set(client, session);
      next();
    });
  });
  // Not in the middleware: a client that another middleware refuses, or that has left, never disconnects.
  server.on('connection', (client) => {
    const session = sessions.get(client);
    if (!session) return;
    const stop = connections.watch(session, ({ data }) => {
      client.emit('exception', { status: 'error', ...data });
      client.disconnect(true);
    });
    client.once('disconnect', stop);
  });
}

/** By default, Socket.IO runs no middleware for a connection that it recovers, whose session may have ended meanwhile. */
function authenticateRecovered(server: object): void {
  const { opts, server: parent } = server as ServerOptions;
  const recovery = (opts ?? parent?.opts)?.connectionStateRecovery;
  if (recovery) recovery.skipMiddlewares = false;
}
