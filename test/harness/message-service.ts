import type { AddressInfo, Server } from 'node:net';
import type { INestApplication, INestMicroservice } from '@nestjs/common';
import { ClientProxyFactory, Transport, type ClientProxy } from '@nestjs/microservices';
import { firstValueFrom } from 'rxjs';
import { createTestApp, type TestApp, type TestAppOptions } from './create-test-app.js';

/** The transports on which message handlers are tested. */
export const TRANSPORTS = ['TCP', 'Redis'] as const;
export type TransportName = (typeof TRANSPORTS)[number];

export interface MessageServiceOptions extends TestAppOptions {
  transport?: TransportName;
  /** Where Redis listens, for the transport of that name. */
  redisPort?: number | undefined;
  /** Whether global guards and filters of the application apply to messages. */
  inheritAppConfig?: boolean;
}

/** A client of message handlers. */
export interface MessageClient {
  /** Sends a request to a `@MessagePattern()`. */
  request: (pattern: string, data?: unknown) => Promise<unknown>;
  /** Sends an event to each `@EventPattern()`, and does not wait for them. */
  emit: (pattern: string, data?: unknown) => Promise<void>;
  close: () => Promise<void>;
}

/** Finds the session key where the tests send it. */
export function keyInData(data: unknown): string | undefined {
  return (data as { sessionKey?: string } | null)?.sessionKey;
}

/** Starts a hybrid application with message handlers, and connects a client to it. */
export async function startMessageService({
  transport = 'TCP',
  redisPort,
  inheritAppConfig = true,
  configure,
  ...options
}: MessageServiceOptions): Promise<TestApp & MessageClient> {
  let connect: (() => Promise<MessageClient>) | undefined;
  const app = await createTestApp({
    ...options,
    configure: (nest) => {
      configure?.(nest);
      connect = addTransport(nest, transport, { redisPort, inheritAppConfig });
    },
  });
  const client = await startTransports(app.app, connect);
  return {
    ...app,
    ...client,
    close: async () => {
      await client.close();
      await app.close();
    },
  };
}

async function startTransports(
  app: INestApplication,
  connect: (() => Promise<MessageClient>) | undefined,
): Promise<MessageClient> {
  await app.startAllMicroservices();
  if (!connect) throw new Error('The application was not configured');
  return connect();
}

/**
 * Adds a transport to an application that does not listen yet.
 * @returns connects a client, after `startAllMicroservices()`
 */
export function addTransport(
  app: INestApplication,
  transport: TransportName,
  { redisPort, inheritAppConfig = true }: Pick<MessageServiceOptions, 'redisPort' | 'inheritAppConfig'>,
): () => Promise<MessageClient> {
  const host = '127.0.0.1';
  if (transport === 'Redis') {
    const options = { host, ...(redisPort !== undefined && { port: redisPort }) };
    app.connectMicroservice({ transport: Transport.REDIS, options }, { inheritAppConfig });
    return () => clientOf(ClientProxyFactory.create({ transport: Transport.REDIS, options }));
  }
  const microservice: INestMicroservice = app.connectMicroservice(
    { transport: Transport.TCP, options: { host, port: 0 } },
    { inheritAppConfig },
  );
  return () => {
    const { port } = microservice.unwrap<Server>().address() as AddressInfo;
    return clientOf(ClientProxyFactory.create({ transport: Transport.TCP, options: { host, port } }));
  };
}

async function clientOf(client: ClientProxy): Promise<MessageClient> {
  await client.connect();
  return {
    request: (pattern, data = {}) => firstValueFrom(client.send<unknown>(pattern, data)),
    emit: (pattern, data = {}) => firstValueFrom(client.emit<undefined>(pattern, data), { defaultValue: undefined }),
    close: async () => void (await client.close()),
  };
}
