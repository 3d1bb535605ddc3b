import { afterEach } from '@jest/globals';
import type { Type } from '@nestjs/common';
import { webSocketContext } from 'nestjs-coinflow-auth/websockets';
import { gatewayWith, runs, type ConnectionPolicy } from './balance.gateway.js';
import { createTestApp, type TestApp, type TestAppOptions } from './create-test-app.js';
import type { Connection, Credentials, SocketTransport } from './sockets.js';

/** An application with a gateway, and its clients. */
export interface SocketApp extends TestApp {
  connect: (credentials?: Credentials) => Connection;
  /** Resolves when the connection is open. */
  open: (credentials?: Credentials) => Promise<Connection>;
}

const running: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of running.splice(0).reverse()) await close();
  runs.length = 0;
});

/** Starts an application with the gateway of {@link gatewayWith}. It is closed after the test. */
export async function startGateway(
  { configure, connect: connectTo }: SocketTransport,
  { options, providers = [], gateway, ...test }: TestAppOptions & { gateway?: Type } = {},
  policy?: ConnectionPolicy | 'none',
): Promise<SocketApp> {
  const app = await createTestApp({
    providers: [gateway ?? gatewayWith(policy), ...providers],
    configure,
    ...test,
    options: { contexts: { ws: webSocketContext() }, ...options },
  });
  const connections: Connection[] = [];
  running.push(async () => {
    for (const connection of connections) connection.close();
    await app.close();
  });
  const connect = (credentials?: Credentials): Connection => {
    const connection = connectTo(app.url, credentials);
    connections.push(connection);
    return connection;
  };
  const open = async (credentials?: Credentials): Promise<Connection> => {
    const connection = connect(credentials);
    await connection.opened;
    return connection;
  };
  return { ...app, connect, open };
}
