import { afterEach, describe, expect, it } from '@jest/globals';
import { MessageBody, SubscribeMessage, WebSocketGateway, type OnGatewayConnection } from '@nestjs/websockets';
import {
  CoinflowAuth,
  CoinflowAuthService,
  CoinflowOptional,
  CoinflowPublic,
  CurrentSession,
  SessionKeyExtractors,
  type CoinflowSession,
  type CoinflowUserSubject,
} from 'nestjs-coinflow-auth';
import {
  authenticateConnections,
  webSocketContext,
  type CoinflowConnectionServer,
} from 'nestjs-coinflow-auth/websockets';
import {
  createTestApp,
  forge,
  foreignKey,
  unseenKey,
  type TestApp,
  type TestAppOptions,
} from './harness/create-test-app.js';
import { SOCKET_TRANSPORTS, type Connection, type Credentials, type SocketTransport } from './harness/sockets.js';

type Policy = Parameters<typeof authenticateConnections>[2];

let app: TestApp;
let connections: Connection[] = [];

afterEach(async () => {
  for (const connection of connections) connection.close();
  connections = [];
  runs.length = 0;
  await app.close();
});

/** The handlers that have run. */
const runs: string[] = [];

function gatewayWith(policy?: Policy): new (coinflow: CoinflowAuthService) => object {
  @WebSocketGateway()
  @CoinflowAuth()
  class BalanceGateway implements OnGatewayConnection {
    constructor(private readonly coinflow: CoinflowAuthService) {}

    afterInit(server: CoinflowConnectionServer): void {
      authenticateConnections(server, this.coinflow, policy);
    }

    handleConnection(): void {
      runs.push('handleConnection');
    }

    @SubscribeMessage('ping')
    @CoinflowPublic()
    ping(): object {
      runs.push('ping');
      return { event: 'pong' };
    }

    @SubscribeMessage('me')
    me(@CurrentSession('subject') { userId }: CoinflowUserSubject, @MessageBody() body: unknown): object {
      runs.push('me');
      return { event: 'me', data: { userId, body } };
    }

    @SubscribeMessage('greet')
    @CoinflowOptional()
    greet(@CurrentSession() session: CoinflowSession | undefined): object {
      return { event: 'greeting', data: session ? 'user' : 'anonymous' };
    }

    @SubscribeMessage('wallet')
    @CoinflowAuth({ subject: 'wallet' })
    wallet(): void {
      runs.push('wallet');
    }

    @SubscribeMessage('payout')
    @CoinflowAuth({ maxAgeMs: 0 })
    payout(): object {
      runs.push('payout');
      return { event: 'paid' };
    }
  }
  return BalanceGateway;
}

const EXTRACTOR = SessionKeyExtractors.firstOf(
  SessionKeyExtractors.fromHeader(),
  SessionKeyExtractors.fromCookie('session'),
);

describe.each(SOCKET_TRANSPORTS)('a gateway on $name', ({ configure, connect: connectTo }: SocketTransport) => {
  const start = async (test: TestAppOptions = {}, policy?: Policy): Promise<void> => {
    app = await createTestApp({
      providers: [gatewayWith(policy)],
      configure,
      ...test,
      options: { contexts: { ws: webSocketContext() }, ...test.options },
    });
  };

  const connect = (credentials: Credentials = {}): Connection => {
    const connection = connectTo(app.url, credentials);
    connections.push(connection);
    return connection;
  };

  const open = async (credentials: Credentials): Promise<Connection> => {
    const connection = connect(credentials);
    await connection.opened;
    return connection;
  };

  const header = (key: string): Credentials => ({ headers: { 'x-coinflow-auth-session-key': key } });
  const cookie = (key: string, headers: Record<string, string> = {}): Credentials => ({
    headers: { cookie: `session=${key}`, ...headers },
  });

  /** No handler has run for a client whose connection was refused. */
  const expectRefused = async (credentials: Credentials, code: string, closeCode: number): Promise<void> => {
    const connection = connect(credentials);
    const error: unknown = await connection.opened.then(
      () => 'opened',
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({ code });
    const refused = error as { closeCode?: number; data?: object };
    if (refused.closeCode !== undefined) expect(refused.closeCode).toBe(closeCode);
    else expect(refused.data).toMatchObject({ code, message: expect.any(String) });
    expect(runs).toEqual([]);
  };

  it.each<[string, (key: string) => Credentials]>([
    ['a header', header],
    ['auth or the subprotocol', (key) => ({ explicit: key })],
    ['a cookie', (key) => cookie(key)],
  ])('authenticates a connection and its messages by the key in %s', async (_, credentials) => {
    await start({ options: { extractor: EXTRACTOR } });
    const connection = await open(credentials(unseenKey(app.coinflow)));
    expect(runs).toContain('handleConnection');
    expect(await connection.ask('me', 1)).toEqual({ event: 'me', data: { userId: 'alice', body: 1 } });
    expect(await connection.ask('payout')).toMatchObject({ event: 'paid' });
  });

  it('prefers an explicit key to that of a cookie', async () => {
    await start({ options: { extractor: EXTRACTOR } });
    const [bob, alice] = [unseenKey(app.coinflow, { customerId: 'bob' }), unseenKey(app.coinflow)];
    const connection = await open({ explicit: bob, ...cookie(alice) });
    expect(await connection.ask('me')).toMatchObject({ data: { userId: 'bob' } });
  });

  it('refuses a connection with two different keys, without a call to Coinflow', async () => {
    await start({ options: { extractor: EXTRACTOR } });
    const [one, other] = [unseenKey(app.coinflow), unseenKey(app.coinflow, { customerId: 'bob' })];
    const headers = { ...header(one).headers, ...cookie(other).headers };
    await expectRefused({ headers }, 'COINFLOW_SESSION_KEY_MALFORMED', 4401);
    const subprotocols = { explicit: one, headers: { 'sec-websocket-protocol': `coinflow, ${other}` } };
    if (connectTo !== SOCKET_TRANSPORTS[2]?.connect) {
      await expectRefused(subprotocols, 'COINFLOW_SESSION_KEY_MALFORMED', 4401);
    }
    expect(app.coinflow.requests.filter(({ path }) => path.includes('verify'))).toEqual([]);
  });

  it('accepts the cookie of a page of the same origin, and refuses that of another site', async () => {
    await start({ options: { extractor: EXTRACTOR } });
    const key = unseenKey(app.coinflow);
    await expectRefused(cookie(key, { origin: 'https://evil.example' }), 'COINFLOW_CROSS_SITE', 4403);
    await expectRefused(cookie(key, { origin: app.url, 'sec-fetch-site': 'cross-site' }), 'COINFLOW_CROSS_SITE', 4403);
    const connection = await open(cookie(key, { origin: app.url }));
    expect(await connection.ask('me')).toMatchObject({ data: { userId: 'alice' } });
  });

  it.each<[string, (key: string) => string | undefined, string]>([
    ['no key', () => undefined, 'COINFLOW_SESSION_KEY_MISSING'],
    ['a malformed key', () => 'no,key', 'COINFLOW_SESSION_KEY_MALFORMED'],
    ['a forged key', forge, 'COINFLOW_SESSION_REJECTED'],
    ['a key of another merchant', () => foreignKey(app.coinflow), 'COINFLOW_SESSION_WRONG_MERCHANT'],
  ])('refuses a connection with %s: 4401', async (_, keyOf, code) => {
    await start();
    const key = keyOf(unseenKey(app.coinflow));
    await expectRefused(key === undefined ? {} : header(key), code, 4401);
  });
});
