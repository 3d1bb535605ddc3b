// GraphQL and sockets with the versions of the project: guarded, refused, and ended with the session.
import 'reflect-metadata';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { Inject, Module, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  Field,
  GraphQLModule,
  Int,
  Mutation,
  ObjectType,
  Query,
  ResolveField,
  Resolver,
  Subscription,
} from '@nestjs/graphql';
import { WsAdapter } from '@nestjs/platform-ws';
import { SubscribeMessage, WebSocketGateway, type OnGatewayInit } from '@nestjs/websockets';
import { startCoinflowEmulator } from 'coinflow-emulator';
import { createClient } from 'graphql-ws';
import {
  CoinflowAuth,
  CoinflowAuthModule,
  CoinflowAuthService,
  CurrentSession,
  type CoinflowSession,
  type CoinflowSubject,
} from 'nestjs-coinflow-auth';
import { coinflowStatusPlugin, graphqlContext } from 'nestjs-coinflow-auth/graphql';
import { authenticateConnections, webSocketContext } from 'nestjs-coinflow-auth/websockets';
import { io } from 'socket.io-client';
import { WebSocket, type Server } from 'ws';

const HEADER = 'x-coinflow-auth-session-key';

function userOf(subject: CoinflowSubject | null): string {
  return subject?.kind === 'user' ? subject.userId : '';
}

@ObjectType()
class Me {
  @Field()
  user!: string;
}

@Resolver(() => Me)
@CoinflowAuth()
class ShopResolver {
  @Query(() => Me)
  me(@CurrentSession('subject') subject: CoinflowSubject | null): Me {
    return { user: userOf(subject) };
  }

  @ResolveField(() => Int)
  cents(@CurrentSession() session: CoinflowSession): number {
    return session.subject ? 5 : 0;
  }

  @Mutation(() => Int)
  @CoinflowAuth({ maxAgeMs: 0 })
  pay(): number {
    return 1;
  }

  @Subscription(() => Int)
  async *balance(): AsyncGenerator<{ balance: number }> {
    yield { balance: 7 };
    await new Promise(() => undefined);
  }
}

@WebSocketGateway()
@CoinflowAuth()
class BalanceGateway implements OnGatewayInit<Server> {
  constructor(@Inject(CoinflowAuthService) private readonly coinflow: CoinflowAuthService) {}

  afterInit(server: Server): void {
    authenticateConnections(server, this.coinflow);
  }

  @SubscribeMessage('me')
  me(@CurrentSession('subject') subject: CoinflowSubject | null): { event: string; data: string } {
    return { event: 'me', data: userOf(subject) };
  }
}

const graphql = GraphQLModule.forRoot<ApolloDriverConfig>({
  driver: ApolloDriver,
  autoSchemaFile: true,
  fieldResolverEnhancers: ['guards'],
  subscriptions: { 'graphql-ws': true },
  plugins: [coinflowStatusPlugin()],
});

type Emulator = Awaited<ReturnType<typeof startCoinflowEmulator>>;

/** GraphQL, or one kind of socket: each of them takes all upgrades of its server. */
async function start(coinflow: Emulator, kind: string): Promise<INestApplication> {
  const [merchant] = coinflow.merchants;
  assert(merchant);
  const contexts = { graphql: graphqlContext(), ws: webSocketContext() };
  const isGraphQL = kind === 'graphql';
  @Module({
    imports: [
      CoinflowAuthModule.forRoot({ env: 'local', baseUrl: coinflow.url, ...merchant, contexts, routeAudit: 'strict' }),
      ...(isGraphQL ? [graphql] : []),
    ],
    providers: [isGraphQL ? ShopResolver : BalanceGateway],
  })
  class AppModule {}
  // Socket.IO is Nest's default.
  const app: INestApplication = await NestFactory.create(AppModule, { logger: false });
  if (kind === 'ws') app.useWebSocketAdapter(new WsAdapter(app));
  await app.listen(0, '127.0.0.1');
  return app;
}

async function tryGraphQL(url: string, key: string): Promise<void> {
  const query = async (text: string, sessionKey?: string): Promise<{ status: number; text: string }> => {
    const headers = { 'content-type': 'application/json', ...(sessionKey && { [HEADER]: sessionKey }) };
    const response = await fetch(`${url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query: text }) });
    return { status: response.status, text: await response.text() };
  };
  assert.equal((await query('{ me { user cents } }', key)).text, '{"data":{"me":{"user":"alice","cents":5}}}\n');
  assert.equal((await query('mutation { pay }', key)).text, '{"data":{"pay":1}}\n');
  const refused = await query('{ me { user } }');
  assert.equal(refused.status, 401);
  assert.match(refused.text, /"code":"COINFLOW_SESSION_KEY_MISSING"/);
}

/** An open connection. */
interface Connection {
  /** The code or the reason with which the server closes it. */
  readonly closed: Promise<unknown>;
}

async function subscribe(url: string, sessionKey: string): Promise<Connection> {
  let close: (code: number) => void;
  const closed = new Promise<number>((resolve) => (close = resolve));
  const client = createClient({
    url: `${url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { sessionKey },
    retryAttempts: 0,
    on: { closed: (event) => close((event as { code: number }).code) },
  });
  const events = client.iterate<{ balance: number }>({ query: 'subscription { balance }' });
  const first = (await events.next()) as { value: { data: object } };
  assert.deepEqual(first.value.data, { balance: 7 });
  // The rest ends with the error that the server has closed the socket.
  events.next().catch(() => undefined);
  return { closed };
}

async function withWs(url: string, key: string): Promise<Connection> {
  const socket = new WebSocket(url.replace('http', 'ws'), ['coinflow', key]);
  socket.once('open', () => socket.send(JSON.stringify({ event: 'me', data: {} })));
  const [message] = (await once(socket, 'message')) as [Buffer];
  assert.deepEqual(JSON.parse(message.toString()), { event: 'me', data: 'alice' });
  const refused = new WebSocket(url.replace('http', 'ws'));
  const [code] = (await once(refused, 'close')) as [number];
  assert.equal(code, 4401);
  return { closed: once(socket, 'close').then(([code]) => code as number) };
}

async function withSocketIo(url: string, sessionKey: string): Promise<Connection> {
  const options = { forceNew: true, reconnection: false };
  const socket = io(url, { ...options, auth: { sessionKey } });
  const reply = new Promise((resolve) => socket.once('me', resolve));
  socket.emit('me', {});
  assert.equal(await reply, 'alice');
  const refused = io(url, options);
  const error = await new Promise<{ data?: { code?: string } }>((resolve) => refused.once('connect_error', resolve));
  assert.equal(error.data?.code, 'COINFLOW_SESSION_KEY_MISSING');
  return { closed: new Promise((resolve) => socket.once('disconnect', resolve)) };
}

/** Opens a connection with a key, tries it, and revokes the key. */
async function tryKind(coinflow: Emulator, kind: string): Promise<void> {
  const app = await start(coinflow, kind);
  const url = await app.getUrl();
  const { merchantId } = coinflow.merchants[0] ?? {};
  const key = coinflow.signSessionKey({ customerId: 'alice', merchantId });
  if (kind === 'graphql') await tryGraphQL(url, key);
  const open = kind === 'graphql' ? subscribe : kind === 'ws' ? withWs : withSocketIo;
  const { closed } = await open(url, key);
  await app.get(CoinflowAuthService).revokeSessionKey(key);
  assert.equal(await closed, kind === 'socket.io' ? 'io server disconnect' : 4401);
  await app.close();
}

async function main(): Promise<void> {
  const coinflow = await startCoinflowEmulator();
  for (const kind of ['graphql', 'ws', 'socket.io']) await tryKind(coinflow, kind);
  await coinflow.close();
  console.log('ok');
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
