import { once } from 'node:events';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { GraphQLModule } from '@nestjs/graphql';
import { CoinflowAuthModule, type CoinflowAuthModuleOptions } from 'nestjs-coinflow-auth';
import { graphqlContext } from 'nestjs-coinflow-auth/graphql';
import { createClient, type Client } from 'graphql-ws';
import { WebSocket } from 'ws';
import { createTestApp, type TestApp, type TestAppOptions } from './create-test-app.js';
import type { SentResponse } from './send.js';

/** The response of GraphQL. */
export interface GraphQLAnswer extends SentResponse {
  data: Record<string, unknown> | null | undefined;
  errors: { message: string; path?: (string | number)[]; extensions?: Record<string, unknown> }[];
}

export interface GraphQLTestApp extends TestApp {
  /** Sends an operation with a session key. */
  query: (query: string, sessionKey?: string, variables?: object) => Promise<GraphQLAnswer>;
  /** Connects a client of graphql-ws. */
  connect: (connectionParams?: object, headers?: Record<string, string>) => Promise<GraphQLSocket>;
}

/** A client of graphql-ws and its socket. */
export interface GraphQLSocket {
  client: Client;
  /** The code and the reason with which the server closes the socket. */
  closed: Promise<[code: number, reason: string]>;
  /** The results of a subscription. The iterator ends with an error when the socket is closed. */
  subscribe: (query: string) => AsyncIterableIterator<{ data?: unknown; errors?: readonly object[] }>;
}

export interface GraphQLAppOptions extends Omit<TestAppOptions, 'controllers' | 'register'> {
  /** Of `GraphQLModule`. */
  graphql?: Partial<ApolloDriverConfig>;
  /** Registers a second instance of the module. */
  named?: { name: string; options: (options: CoinflowAuthModuleOptions) => CoinflowAuthModuleOptions };
}

const sockets = new Set<WebSocket>();

/** Starts an application with GraphQL on a free port. Its providers are the resolvers. */
export async function createGraphQLApp({
  graphql = {},
  named,
  options = {},
  ...rest
}: GraphQLAppOptions = {}): Promise<GraphQLTestApp> {
  const app = await createTestApp({
    ...rest,
    options: { contexts: { graphql: graphqlContext() }, ...options },
    register: (complete) => ({
      module: class GraphQLAppModule {},
      imports: [
        CoinflowAuthModule.forRoot(complete),
        ...(named ? [CoinflowAuthModule.forRoot({ ...named.options(complete), name: named.name })] : []),
        GraphQLModule.forRoot<ApolloDriverConfig>({
          driver: ApolloDriver,
          autoSchemaFile: true,
          fieldResolverEnhancers: ['guards'],
          subscriptions: { 'graphql-ws': true },
          ...graphql,
        }),
      ],
    }),
  });
  return {
    ...app,
    query: async (query, sessionKey, variables) => {
      const answer = await app.send('/graphql', {
        method: 'POST',
        headers: sessionKey === undefined ? {} : { 'x-coinflow-auth-session-key': sessionKey },
        body: { query, variables },
      });
      const { data, errors = [] } = answer.body as GraphQLAnswer;
      return { ...answer, data, errors };
    },
    connect: (connectionParams, headers) =>
      connect(`${app.url.replace('http', 'ws')}/graphql`, connectionParams, headers),
    close: async () => {
      for (const socket of sockets) socket.terminate();
      sockets.clear();
      await app.close();
    },
  };
}

async function connect(
  url: string,
  connectionParams?: object,
  headers: Record<string, string> = {},
): Promise<GraphQLSocket> {
  const created: WebSocket[] = [];
  class ClientSocket extends WebSocket {
    constructor(address: string, protocols: string) {
      super(address, protocols, { headers });
      created.push(this);
      sockets.add(this);
    }
  }
  const client = createClient({
    url,
    webSocketImpl: ClientSocket,
    lazy: false,
    retryAttempts: 0,
    connectionParams: connectionParams as Record<string, unknown>,
    onNonLazyError: () => undefined,
  });
  await new Promise<void>((resolve) => client.on('connected', () => resolve()));
  const [socket] = created;
  if (!socket) throw new Error('The client has connected without a socket');
  const closed = once(socket, 'close').then(([code, reason]): [number, string] => [code as number, String(reason)]);
  return { client, closed, subscribe: (query) => client.iterate({ query }) };
}
