import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { SessionKeyExtractors } from 'nestjs-coinflow-auth';
import { authenticateConnections } from 'nestjs-coinflow-auth/websockets';
import { WebSocketServer } from 'ws';
import { runs, type ConnectionServer } from './harness/balance.gateway.js';
import { PLATFORMS, forge, foreignKey, unseenKey } from './harness/create-test-app.js';
import { startGateway, type SocketApp } from './harness/socket-app.js';
import { SOCKET_IO, SOCKET_TRANSPORTS, WS, connectSocketIo, connectWs, type Credentials } from './harness/sockets.js';
import { until } from './harness/until.js';

const EXTRACTOR = SessionKeyExtractors.firstOf(
  SessionKeyExtractors.fromHeader(),
  SessionKeyExtractors.fromCookie('session'),
);
const BOTH_PLACES = { options: { extractor: EXTRACTOR } };

const header = (key: string): Credentials => ({ headers: { 'x-coinflow-auth-session-key': key } });
const cookie = (key: string, headers: Record<string, string> = {}): Credentials => ({
  headers: { cookie: `session=${key}`, ...headers },
});

/** Expects that a connection is refused, and that no handler has run for its client. */
async function expectRefused(
  app: Pick<SocketApp, 'connect'>,
  credentials: Credentials,
  code: string,
  closeCode: number,
): Promise<void> {
  const connection = app.connect(credentials);
  await expect(connection.opened).rejects.toMatchObject({ code });
  const refused = (await connection.opened.catch((error: unknown) => error)) as { closeCode?: number; data?: object };
  // Only a native WebSocket has a code of the close, and only Socket.IO has data.
  expect(refused.closeCode ?? closeCode).toBe(closeCode);
  if (refused.closeCode === undefined) expect(refused.data).toMatchObject({ code, message: expect.any(String) });
  expect(runs).toEqual([]);
}

describe.each(SOCKET_TRANSPORTS)('the connections of a gateway on $name', (transport) => {
  it.each<[string, (key: string) => Credentials]>([
    ['a header', header],
    ['auth, or the subprotocol', (key) => ({ explicit: key })],
    ['a cookie', (key) => cookie(key)],
  ])('are authenticated by a session key in %s, and so are their messages', async (_, credentials) => {
    const app = await startGateway(transport, BOTH_PLACES);
    const connection = await app.open(credentials(unseenKey(app.coinflow)));
    expect(runs).toContain('handleConnection');
    expect(await connection.ask('me', 1)).toEqual({ event: 'me', data: { userId: 'alice', body: 1 } });
    expect(await connection.ask('payout')).toMatchObject({ event: 'paid' });
  });

  it('are authenticated by an explicit key rather than by that of a cookie', async () => {
    const app = await startGateway(transport, BOTH_PLACES);
    const [bob, alice] = [unseenKey(app.coinflow, { customerId: 'bob' }), unseenKey(app.coinflow)];
    const connection = await app.open({ explicit: bob, ...cookie(alice, { origin: 'https://evil.example' }) });
    expect(await connection.ask('me')).toMatchObject({ data: { userId: 'bob' } });
  });

  it('are refused with two different keys, without a call to Coinflow', async () => {
    const app = await startGateway(transport, BOTH_PLACES);
    const [one, other] = [unseenKey(app.coinflow), unseenKey(app.coinflow, { customerId: 'bob' })];
    const headers = { ...header(one).headers, ...cookie(other).headers };
    await expectRefused(app, { headers }, 'COINFLOW_SESSION_KEY_MALFORMED', 4401);
    expect(app.coinflow.countCalls('verify')).toBe(0);
  });

  it('are accepted with a cookie from a page of the same origin, and refused from another site', async () => {
    const app = await startGateway(transport, BOTH_PLACES);
    const key = unseenKey(app.coinflow);
    const other = { origin: 'https://evil.example' };
    await expectRefused(app, cookie(key, other), 'COINFLOW_CROSS_SITE', 4403);
    await expectRefused(app, cookie(key, { 'sec-fetch-site': 'cross-site' }), 'COINFLOW_CROSS_SITE', 4403);
    const connection = await app.open(cookie(key, { origin: app.url }));
    expect(await connection.ask('me')).toMatchObject({ data: { userId: 'alice' } });
  });

  it.each<[string, (app: SocketApp) => string | undefined, string]>([
    ['no key', () => undefined, 'COINFLOW_SESSION_KEY_MISSING'],
    ['a malformed key', () => 'no,key', 'COINFLOW_SESSION_KEY_MALFORMED'],
    ['a forged key', ({ coinflow }) => forge(unseenKey(coinflow)), 'COINFLOW_SESSION_REJECTED'],
    ['a key of another merchant', ({ coinflow }) => foreignKey(coinflow), 'COINFLOW_SESSION_WRONG_MERCHANT'],
  ])('are refused with %s: 401', async (_, keyOf, code) => {
    const app = await startGateway(transport);
    const key = keyOf(app);
    await expectRefused(app, key === undefined ? {} : header(key), code, 4401);
    expect(app.service.metrics().decisions.byOutcome).toMatchObject({ unauthenticated: 1, authenticated: 0 });
  });

  it('are refused by the policy of the connections: 403', async () => {
    const app = await startGateway(transport, {}, { subject: 'wallet' });
    await expectRefused(app, header(unseenKey(app.coinflow)), 'COINFLOW_SUBJECT_NOT_ALLOWED', 4403);
  });

  it('are refused while Coinflow is unavailable: 503, and accepted afterwards', async () => {
    const app = await startGateway(transport);
    const key = unseenKey(app.coinflow);
    app.coinflow.fail('verify', { kind: 'status', status: 503 });
    await expectRefused(app, header(key), 'COINFLOW_UNAVAILABLE', 4503);
    await expectRefused(app, cookie(key), 'COINFLOW_SESSION_KEY_MISSING', 4401);
  });

  it('are refused when a client has sent too many invalid keys: 429, with the delay for Socket.IO', async () => {
    const budget = { verificationsPerMinute: 1_000, rejectionsPerClient: 1 };
    const app = await startGateway(transport, { options: { budget } });
    await expectRefused(app, header(forge(unseenKey(app.coinflow))), 'COINFLOW_SESSION_REJECTED', 4401);
    const other = forge(unseenKey(app.coinflow, { customerId: 'bob' }));
    await expectRefused(app, header(other), 'COINFLOW_TOO_MANY_REQUESTS', 4429);
    const { data } = (await app.connect(header(other)).opened.catch((error: unknown) => error)) as {
      data?: { retryAfterMs?: number };
    };
    if (data) expect(data.retryAfterMs).toBeGreaterThan(0);
  });

  it('are refused when the module is misconfigured: 500', async () => {
    const app = await startGateway(transport, { options: { apiKey: 'wrong' } });
    app.coinflow.fail('verify', { kind: 'status', status: 404 });
    await expectRefused(app, header(unseenKey(app.coinflow)), 'COINFLOW_MISCONFIGURED', 4500);
  });

  it('are refused without details when the extractor fails, and the log names the error without the key', async () => {
    const find = (): never => {
      throw new Error('no database');
    };
    const app = await startGateway(transport, { options: { extractor: { schemes: [], find } } });
    const key = unseenKey(app.coinflow);
    await expectRefused(app, header(key), 'INTERNAL_SERVER_ERROR', 4500);
    expect(app.logger.at('error').join()).toContain('no database');
    expect(app.logger.text).not.toContain(key);
  });

  it('are refused with an invalid policy, which the log names', async () => {
    const app = await startGateway(transport, {}, { subject: 'nobody' } as never);
    await expectRefused(app, header(unseenKey(app.coinflow)), 'INTERNAL_SERVER_ERROR', 4500);
    expect(app.logger.at('error').join()).toContain('subject must be user or wallet');
  });

  it('are accepted without a key only if the policy makes it optional, and are counted as anonymous', async () => {
    const app = await startGateway(transport, {}, { access: 'optional' });
    const connection = await app.open();
    expect(app.service.metrics().decisions.byOutcome).toMatchObject({ anonymous: 1, unauthenticated: 0 });
    expect(await connection.ask('greet')).toEqual({ event: 'greeting', data: 'anonymous' });
    expect(await connection.ask('me')).toMatchObject({ data: { code: 'COINFLOW_SESSION_KEY_MISSING' } });
    const member = await app.open(header(unseenKey(app.coinflow)));
    expect(await member.ask('greet')).toEqual({ event: 'greeting', data: 'user' });
    runs.length = 0;
    await expectRefused(app, header('no,key'), 'COINFLOW_SESSION_KEY_MALFORMED', 4401);
  });

  it('are one decision each, and so is each message', async () => {
    const app = await startGateway(transport);
    const connection = await app.open(header(unseenKey(app.coinflow)));
    expect(app.service.metrics().decisions.byOutcome.authenticated).toBe(1);
    await connection.ask('me');
    await connection.ask('me');
    expect(app.service.metrics().decisions.byOutcome.authenticated).toBe(3);
    expect(app.coinflow.countCalls('verify')).toBe(2); // the endpoint probe, and the key
  });

  it.each(PLATFORMS)('are authenticated beside HTTP on %s', async (platform) => {
    const app = await startGateway(transport, { platform });
    const connection = await app.open({ explicit: unseenKey(app.coinflow) });
    expect(await connection.ask('me')).toMatchObject({ data: { userId: 'alice' } });
    runs.length = 0;
    await expectRefused(app, {}, 'COINFLOW_SESSION_KEY_MISSING', 4401);
  });
});

describe('a handshake of Socket.IO', () => {
  it.each<[string, unknown]>([
    ['a number', 1],
    ['an object', { toString: 1 }],
    ['a list', ['key']],
  ])('is refused with %s as the session key', async (_, explicit) => {
    const app = await startGateway(SOCKET_IO);
    await expectRefused(app, { explicit: explicit as string }, 'COINFLOW_SESSION_KEY_MALFORMED', 4401);
  });

  it('may carry the key as a subprotocol, of which the server echoes only the first', async () => {
    const app = await startGateway(SOCKET_IO);
    const key = unseenKey(app.coinflow);
    const connection = connectSocketIo(app.url, {}, { transports: ['websocket'], protocols: ['coinflow', key] });
    await connection.opened;
    expect(await connection.ask('me')).toMatchObject({ data: { userId: 'alice' } });
    connection.close();
    const two = connectSocketIo(
      app.url,
      { explicit: unseenKey(app.coinflow, { customerId: 'bob' }) },
      { transports: ['websocket'], protocols: ['coinflow', key] },
    );
    await expect(two.opened).rejects.toMatchObject({ code: 'COINFLOW_SESSION_KEY_MALFORMED' });
    two.close();
  });
});

describe('a handshake of ws', () => {
  it('is answered with the first subprotocol and not with the key', async () => {
    const app = await startGateway(WS);
    const connection = connectWs(app.url, { explicit: unseenKey(app.coinflow) });
    await connection.opened;
    expect(connection.socket.protocol).toBe('coinflow');
    connection.close();
  });

  it.each<[string, (key: string) => string[], string]>([
    ['the key before coinflow', (key) => [key, 'coinflow'], 'COINFLOW_SESSION_KEY_MISSING'],
    ['the key without coinflow', (key) => [key], 'COINFLOW_SESSION_KEY_MISSING'],
    ['coinflow alone', () => ['coinflow'], 'COINFLOW_SESSION_KEY_MISSING'],
    ['two keys', (key) => ['coinflow', key, `${key}x`], 'COINFLOW_SESSION_KEY_MALFORMED'],
  ])('is refused with %s as subprotocols', async (_, protocolsOf, code) => {
    const app = await startGateway(WS);
    const connection = connectWs(app.url, {}, protocolsOf(unseenKey(app.coinflow)));
    await expect(connection.opened).rejects.toMatchObject({ code, closeCode: 4401 });
    expect(runs).toEqual([]);
  });

  it('is authenticated by a server of ws without Nest, on a port of its own', async () => {
    const app = await startGateway(WS);
    const http = createServer().listen(0, '127.0.0.1');
    const server = new WebSocketServer({ server: http });
    authenticateConnections(server, app.service);
    const clients: unknown[] = [];
    server.on('connection', (client) => {
      clients.push(client);
      client.send('{"event":"hello"}');
    });
    await until(() => http.listening);
    const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
    const refused = connectWs(url, {});
    await expect(refused.opened).rejects.toMatchObject({ closeCode: 4401 });
    expect(clients).toEqual([]);
    await connectWs(url, { explicit: unseenKey(app.coinflow) }).opened;
    expect(clients).toHaveLength(1);
    for (const client of server.clients) client.terminate();
    server.close();
    http.close();
  });
});

it('authenticateConnections() refuses a server that is neither Socket.IO nor ws, and names the argument to pass', async () => {
  const { service } = await startGateway(WS);
  for (const server of [{}, undefined]) {
    const authenticate = (): void => authenticateConnections(server as ConnectionServer, service);
    expect(authenticate).toThrow('knows neither Socket.IO nor ws');
  }
});
