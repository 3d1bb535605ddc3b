import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { Catch, UseFilters, type ArgumentsHost, type ExceptionFilter, type INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { WsException } from '@nestjs/websockets';
import { CoinflowAuthError, CoinflowAuthModule } from 'nestjs-coinflow-auth';
import { asUser, overrideCoinflowAuth } from 'nestjs-coinflow-auth/testing';
import { webSocketContext } from 'nestjs-coinflow-auth/websockets';
import { gatewayWith, runs } from './harness/balance.gateway.js';
import { forge, unseenKey } from './harness/create-test-app.js';
import { startGateway } from './harness/socket-app.js';
import { SOCKET_IO, SOCKET_TRANSPORTS, WS, connectWs, type Credentials } from './harness/sockets.js';
import { until } from './harness/until.js';

const SECRET = 'payload-that-nobody-repeats';
const CLIENTS = 60;

const header = (key: string): Credentials => ({ headers: { 'x-coinflow-auth-session-key': key } });

describe.each(SOCKET_TRANSPORTS)('the messages of a gateway on $name', (transport) => {
  it('are answered with the exception { status, code, message } when the policy of the handler refuses them', async () => {
    const app = await startGateway(transport);
    const connection = await app.open(header(unseenKey(app.coinflow)));
    expect(await connection.ask('wallet', { note: SECRET })).toEqual({
      event: 'exception',
      data: {
        status: 'error',
        code: 'COINFLOW_SUBJECT_NOT_ALLOWED',
        message: 'This route requires another kind of session.',
      },
    });
    expect(runs).not.toContain('wallet');
  });

  it('are refused without their payload while Coinflow is unavailable, and the connection stays open', async () => {
    const app = await startGateway(transport);
    const connection = await app.open(header(unseenKey(app.coinflow)));
    app.coinflow.fail('verify', { kind: 'status', status: 503 });
    const refused = await connection.ask('payout', { note: SECRET });
    expect(refused).toMatchObject({ event: 'exception', data: { code: 'COINFLOW_UNAVAILABLE' } });
    expect(JSON.stringify(refused)).not.toContain(SECRET);
    expect(runs).not.toContain('payout');
    expect(await connection.ask('me')).toMatchObject({ data: { userId: 'alice' } });
  });

  it('are answered with the code of an error of the service, and without their payload', async () => {
    const app = await startGateway(transport);
    const connection = await app.open(header(unseenKey(app.coinflow)));
    const sessionKey = forge(unseenKey(app.coinflow, { customerId: 'bob' }));
    const answer = await connection.ask('verify', { sessionKey, note: SECRET });
    expect(answer).toEqual({
      event: 'exception',
      data: { status: 'error', code: 'COINFLOW_SESSION_REJECTED', message: 'Invalid session key.' },
    });
  });

  it('are answered by the filter of the gateway, if it has one for errors of the service', async () => {
    @Catch(CoinflowAuthError)
    class OwnFilter implements ExceptionFilter<CoinflowAuthError> {
      catch({ reason }: CoinflowAuthError): object {
        reasons.push(reason);
        return {};
      }
    }
    const reasons: string[] = [];
    const Gateway = gatewayWith();
    UseFilters(new OwnFilter())(Gateway);
    const app = await startGateway(transport, { gateway: Gateway });
    const connection = await app.open(header(unseenKey(app.coinflow)));
    connection.send('verify', { sessionKey: 'not a session key' });
    await until(() => reasons.length > 0);
    expect(await connection.ask('me')).toMatchObject({ event: 'me' });
    expect(connection.received).toHaveLength(1);
  });

  it('reach the handlers in order when they are sent before the session key is verified', async () => {
    const app = await startGateway(transport);
    app.coinflow.fail('verify', { kind: 'delay', ms: 150 });
    const numbers = Array.from({ length: 20 }, (_, index) => index);
    const connection = app.connect(header(unseenKey(app.coinflow)));
    await connection.started;
    for (const one of numbers) connection.send('me', one);
    await connection.opened;
    await until(() => connection.received.length === numbers.length);
    expect(connection.received.map(({ data }) => (data as { body: number }).body)).toEqual(numbers);
  });

  it('leave nothing watched for a client that leaves while its session key is verified', async () => {
    const app = await startGateway(transport);
    app.coinflow.fail('verify', { kind: 'delay', ms: 150 });
    const connection = app.connect(header(unseenKey(app.coinflow)));
    await connection.started;
    connection.send('me');
    await until(() => app.coinflow.countCalls('verify') === 1);
    connection.abort();
    await until(() => app.service.metrics().decisions.byOutcome.authenticated > 0);
    await until(() => app.authenticator.sessions.watcher.size === 0);
  });

  it('get the session of their own connection, of many at the same time', async () => {
    const app = await startGateway(transport);
    const users = Array.from({ length: CLIENTS }, (_, index) => `user-${index}`);
    const answers = await Promise.all(
      users.map(async (customerId) => {
        const connection = await app.open(header(unseenKey(app.coinflow, { customerId })));
        return [await connection.ask('me'), await connection.ask('me')];
      }),
    );
    expect(answers).toMatchObject(users.map((userId) => [{ data: { userId } }, { data: { userId } }]));
  });

  it('are authenticated as the user of overrideCoinflowAuth()', async () => {
    const builder = Test.createTestingModule({
      imports: [
        CoinflowAuthModule.forRoot({
          env: 'local',
          apiKey: 'key',
          merchantId: 'merchant',
          contexts: { ws: webSocketContext() },
        }),
      ],
      providers: [gatewayWith()],
    });
    const module = await overrideCoinflowAuth(builder, asUser('alice')).compile();
    const app: INestApplication = module.createNestApplication({ logger: false });
    transport.configure(app);
    await app.listen(0, '127.0.0.1');
    const connection = transport.connect(await app.getUrl());
    await connection.opened;
    expect(await connection.ask('me')).toMatchObject({ data: { userId: 'alice' } });
    connection.close();
    await app.close();
  });
});

describe('a gateway that does not authenticate its connections', () => {
  it('authenticates the messages of Socket.IO by the handshake', async () => {
    const app = await startGateway(SOCKET_IO, {}, 'none');
    const [member, anonymous] = [await app.open({ explicit: unseenKey(app.coinflow) }), await app.open()];
    expect(await member.ask('me')).toMatchObject({ data: { userId: 'alice' } });
    expect(await anonymous.ask('me')).toMatchObject({ data: { code: 'COINFLOW_SESSION_KEY_MISSING' } });
  });

  it('rejects the messages of ws as misconfigured, and the log names the line to add', async () => {
    const app = await startGateway(WS, {}, 'none');
    const connection = await app.open({ explicit: unseenKey(app.coinflow) });
    expect(await connection.ask('me', SECRET)).toMatchObject({ data: { code: 'COINFLOW_MISCONFIGURED' } });
    expect(runs).not.toContain('me');
    expect(app.logger.at('error').join()).toContain('authenticateConnections(server, coinflow)');
    expect(app.logger.text).not.toContain(SECRET);
  });
});

it('a refused message is answered over ws as well where Nest emits exceptions on the client, as NestJS 11 does', async () => {
  @Catch(WsException)
  class EmittingFilter implements ExceptionFilter<WsException> {
    catch(exception: WsException, host: ArgumentsHost): void {
      const client = host.switchToWs().getClient<EventEmitter>();
      client.emit('exception', 'not from the guard');
      client.emit('exception', { message: SECRET });
      client.emit('exception', exception.getError());
    }
  }
  const Gateway = gatewayWith();
  UseFilters(new EmittingFilter())(Gateway);
  const app = await startGateway(WS, { gateway: Gateway });
  const connection = await app.open({ explicit: unseenKey(app.coinflow) });
  expect(await connection.ask('wallet')).toMatchObject({ data: { code: 'COINFLOW_SUBJECT_NOT_ALLOWED' } });
  expect(connection.received).toHaveLength(1);
});

it('two gateways on one server of ws authenticate a client each, and neither loses a message', async () => {
  const app = await startGateway(WS, { providers: [gatewayWith({ subject: 'user' })] });
  app.coinflow.fail('verify', { kind: 'delay', ms: 100 });
  const numbers = Array.from({ length: 20 }, (_, index) => index);
  const connection = app.connect({ explicit: unseenKey(app.coinflow) });
  await connection.started;
  for (const one of numbers) connection.send('me', one);
  await until(() => connection.received.length === 2 * numbers.length);
  const bodies = connection.received.map(({ data }) => (data as { body: number }).body);
  expect([...new Set(bodies)]).toEqual(numbers);
});

it('an invalid frame of a client that is refused ends neither the process nor other connections', async () => {
  const app = await startGateway(WS);
  app.coinflow.fail('verify', { kind: 'delay', ms: 100 });
  const connection = connectWs(app.url, { explicit: forge(unseenKey(app.coinflow)) });
  await connection.started;
  // A frame of a client must be masked.
  const raw = Reflect.get(connection.socket, '_socket') as Socket;
  raw.write(Buffer.from([0x81, 0x01, 0x41]));
  expect(await connection.closed).toMatchObject({ closeCode: 4401 });
  const other = await app.open({ explicit: unseenKey(app.coinflow, { customerId: 'bob' }) });
  expect(await other.ask('me')).toMatchObject({ data: { userId: 'bob' } });
});
