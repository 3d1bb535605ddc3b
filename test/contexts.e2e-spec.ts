import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Injectable, UseFilters } from '@nestjs/common';
import { ExternalContextCreator } from '@nestjs/core';
import {
  ClientProxyFactory,
  MessagePattern,
  Transport,
  type ClientProxy,
  type MicroserviceOptions,
} from '@nestjs/microservices';
import { WsAdapter } from '@nestjs/platform-ws';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { CoinflowAuthExceptionFilter, CoinflowAuthService, CoinflowSessionRejectedError } from 'nestjs-coinflow-auth';
import { Observable, firstValueFrom, throwError } from 'rxjs';
import { WebSocket } from 'ws';
import { createTestApp, type TestApp } from './harness/create-test-app.js';

const MALFORMED_KEY = 'not a session key';
/** The error that the client gets, without `reason` and `action`. */
const CLIENT_ERROR = {
  status: 'error',
  code: 'COINFLOW_SESSION_KEY_MALFORMED',
  message: 'Malformed session key.',
};

let app: TestApp;

afterEach(() => app.close());

@Controller()
class OrdersController {
  constructor(private readonly coinflow: CoinflowAuthService) {}

  @MessagePattern('order')
  async order(sessionKey: string): Promise<unknown> {
    return (await this.coinflow.verifySessionKey(sessionKey)).subject;
  }

  @MessagePattern('order-stream')
  stream(): Observable<unknown> {
    return throwError(
      () => new CoinflowSessionRejectedError('Coinflow rejected the session key', { reason: 'rejected' }),
    );
  }
}

describe('an error of the service in a microservice', () => {
  let client: ClientProxy;

  const start = async (): Promise<void> => {
    const options: MicroserviceOptions = { transport: Transport.TCP, options: { host: '127.0.0.1', port: 0 } };
    let port: () => number = () => 0;
    app = await createTestApp({
      controllers: [OrdersController],
      configure: (nest) => {
        const microservice = nest.connectMicroservice(options, { inheritAppConfig: true });
        port = () => (microservice.unwrap<Server>().address() as AddressInfo).port;
      },
    });
    await app.app.startAllMicroservices();
    client = ClientProxyFactory.create({ transport: Transport.TCP, options: { host: '127.0.0.1', port: port() } });
  };

  afterEach(() => void client.close());

  it('sends the code and the message of an error to the client of a microservice', async () => {
    await start();
    await expect(firstValueFrom(client.send('order', MALFORMED_KEY))).rejects.toEqual(CLIENT_ERROR);
    await expect(firstValueFrom(client.send('order-stream', ''))).rejects.toEqual({
      status: 'error',
      code: 'COINFLOW_SESSION_REJECTED',
      message: 'Invalid session key.',
    });
  });
});

// Nest applies no global filters to gateways.
@UseFilters(CoinflowAuthExceptionFilter)
@WebSocketGateway()
class OrdersGateway {
  constructor(private readonly coinflow: CoinflowAuthService) {}

  @SubscribeMessage('order')
  async order(_client: unknown, sessionKey: string): Promise<unknown> {
    return (await this.coinflow.verifySessionKey(sessionKey)).subject;
  }
}

describe('an error of the service in a gateway', () => {
  it('sends an error to a native WebSocket as the event exception', async () => {
    app = await createTestApp({
      providers: [OrdersGateway],
      configure: (nest) => void nest.useWebSocketAdapter(new WsAdapter(nest)),
    });
    const socket = new WebSocket(app.url.replace('http', 'ws'));
    await once(socket, 'open');
    socket.send(JSON.stringify({ event: 'order', data: MALFORMED_KEY }));
    const [data] = (await once(socket, 'message')) as [Buffer];
    socket.close();
    expect(JSON.parse(data.toString())).toEqual({ event: 'exception', data: CLIENT_ERROR });
  });
});

@Injectable()
class QueueHandler {
  constructor(private readonly coinflow: CoinflowAuthService) {}

  async handle(sessionKey: string): Promise<unknown> {
    return this.coinflow.verifySessionKey(sessionKey);
  }
}

describe('an error of the service in a context that Nest does not know', () => {
  // golevelup's RabbitMQ module uses 'rmq'. Nest's default is 'http', for libraries that name no context.
  it.each([['rmq'], ['http']])(
    'throws an error again in the context %s, so that the message is not acknowledged',
    async (contextType) => {
      app = await createTestApp({ providers: [QueueHandler] });
      const handler = app.app.get(QueueHandler);
      const call = app.app
        .get(ExternalContextCreator)
        .create(
          handler,
          (sessionKey) => handler.handle(sessionKey as string),
          'handle',
          undefined,
          undefined,
          undefined,
          undefined,
          { guards: true, filters: true, interceptors: true },
          contextType,
        ) as (sessionKey: string) => Promise<unknown>;
      await expect(call(MALFORMED_KEY)).rejects.toMatchObject({
        code: 'COINFLOW_SESSION_KEY_MALFORMED',
        reason: 'invalid-characters',
      });
    },
  );
});
