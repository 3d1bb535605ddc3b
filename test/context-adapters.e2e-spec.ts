import type { AddressInfo, Server } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Injectable } from '@nestjs/common';
import { ExternalContextCreator } from '@nestjs/core';
import {
  ClientProxyFactory,
  MessagePattern,
  RpcException,
  Transport,
  type ClientProxy,
  type MicroserviceOptions,
} from '@nestjs/microservices';
import {
  CoinflowAuth,
  CoinflowOptional,
  CoinflowPublic,
  CurrentSession,
  type CoinflowAuthModuleOptions,
  type CoinflowContextAdapter,
  type CoinflowContextRequest,
  type CoinflowSession,
  type CoinflowSubject,
} from 'nestjs-coinflow-auth';
import { firstValueFrom } from 'rxjs';
import { createTestApp, unseenKey, type TestApp } from './harness/create-test-app.js';

type Contexts = CoinflowAuthModuleOptions['contexts'];

let app: TestApp | undefined;
let client: ClientProxy | undefined;

afterEach(async () => {
  void client?.close();
  await app?.close();
  app = client = undefined;
});

/** An adapter as an application writes one. */
const byData: CoinflowContextAdapter = {
  find(context) {
    const { sessionKey } = context.getArgByIndex<{ sessionKey?: string }>(0);
    return { request: { headers: {} }, sessionKey: sessionKey ?? '', carrier: context.getArgByIndex<object>(1) };
  },
  toException: ({ code }) => new RpcException({ code }),
};

@Controller()
class OrdersController {
  @MessagePattern('mine')
  mine(@CurrentSession('subject') subject: CoinflowSubject): CoinflowSubject {
    return subject;
  }

  @MessagePattern('public')
  @CoinflowPublic()
  list(): string {
    return 'orders';
  }
}

@Controller()
class PlainController {
  @MessagePattern('job')
  job(): string {
    return 'done';
  }
}

async function startService(
  controllers: (new () => object)[],
  contexts: Contexts,
  { inheritAppConfig = true }: { inheritAppConfig?: boolean } = {},
): Promise<(pattern: string, data?: object) => Promise<unknown>> {
  const options: MicroserviceOptions = { transport: Transport.TCP, options: { host: '127.0.0.1', port: 0 } };
  let port: () => number = () => 0;
  app = await createTestApp({
    controllers,
    globalGuard: true,
    options: { contexts },
    configure: (nest) => {
      const microservice = nest.connectMicroservice(options, { inheritAppConfig });
      port = () => (microservice.unwrap<Server>().address() as AddressInfo).port;
    },
  });
  await app.app.startAllMicroservices();
  const proxy = ClientProxyFactory.create({ transport: Transport.TCP, options: { host: '127.0.0.1', port: port() } });
  client = proxy;
  return (pattern, data = {}) => firstValueFrom(proxy.send<unknown>(pattern, data));
}

describe('the guard in a microservice', () => {
  it('authenticates a message by the adapter of the application, and gives the handler the session', async () => {
    const send = await startService([OrdersController], { rpc: byData });
    const sessionKey = unseenKey(app!.coinflow, { customerId: 'alice' });
    await expect(send('mine', { sessionKey })).resolves.toEqual({ kind: 'user', userId: 'alice' });
    const keys = ['bob', 'carol'].map((customerId) => unseenKey(app!.coinflow, { customerId }));
    const sessions = await Promise.all([...keys, ...keys].map((key) => send('mine', { sessionKey: key })));
    expect(sessions).toMatchObject([{ userId: 'bob' }, { userId: 'carol' }, { userId: 'bob' }, { userId: 'carol' }]);
  });

  it('answers an invalid and a missing key with the exception of the adapter, and runs no handler', async () => {
    const send = await startService([OrdersController], { rpc: byData });
    await expect(send('mine', { sessionKey: 'not a session key' })).rejects.toEqual({
      code: 'COINFLOW_SESSION_KEY_MALFORMED',
    });
    await expect(send('mine')).rejects.toEqual({ code: 'COINFLOW_SESSION_KEY_MISSING' });
    await expect(send('public')).resolves.toBe('orders');
    expect(app!.service.metrics().decisions.byOutcome).toMatchObject({ unauthenticated: 2, authenticated: 0 });
  });

  it.each<[described: string, contexts: Contexts]>([
    ['none', undefined],
    ['only one for another context', { ws: byData }],
  ])('rejects every message, except of public handlers, if the adapter is missing: %s', async (_, contexts) => {
    const send = await startService([OrdersController, PlainController], contexts);
    await expect(send('job')).rejects.toMatchObject({ status: 'error' });
    await expect(send('mine')).rejects.toMatchObject({ status: 'error' });
    await expect(send('public')).resolves.toBe('orders');
  });

  it('does not run in a context that the option skips, so that an APP_GUARD stops no messages', async () => {
    const send = await startService([PlainController], { rpc: 'skip' });
    await expect(send('job')).resolves.toBe('done');
  });

  it('is not reached by messages without inheritAppConfig', async () => {
    const send = await startService([PlainController], undefined, { inheritAppConfig: false });
    await expect(send('job')).resolves.toBe('done');
  });

  it('gives an anonymous request no session', async () => {
    @Controller()
    class OptionalController {
      @MessagePattern('greet')
      @CoinflowOptional()
      greet(@CurrentSession() session: CoinflowSession | undefined): string {
        return session ? 'user' : 'anonymous';
      }
    }
    const send = await startService([OptionalController], { rpc: byData });
    await expect(send('greet')).resolves.toBe('anonymous');
    await expect(send('greet', { sessionKey: unseenKey(app!.coinflow) })).resolves.toBe('user');
  });

  it.each<[returned: string, find: () => unknown]>([
    ['a promise', () => Promise.resolve({ request: { headers: {} }, sessionKey: '' })],
    ['nothing', () => undefined],
    ['no request', () => ({ sessionKey: 'key' })],
    ['a request without headers', () => ({ request: {} })],
  ])('rejects an adapter whose find() returns %s, under @CoinflowOptional() as well', async (_, find) => {
    @Controller()
    class OptionalController {
      @MessagePattern('greet')
      @CoinflowOptional()
      greet(): string {
        return 'hello';
      }
    }
    const adapter = { ...byData, find: find as () => CoinflowContextRequest };
    const send = await startService([OptionalController], { rpc: adapter });
    await expect(send('greet')).rejects.toEqual({ code: 'COINFLOW_MISCONFIGURED' });
  });
});

describe('a decorated handler in a context that the guard does not authenticate', () => {
  @Controller()
  class DecoratedController {
    @MessagePattern('mine')
    @CoinflowAuth()
    mine(): void {}
  }

  it.each<[contexts: Contexts, reason: string]>([
    [undefined, 'unknown-context'],
    [{ rpc: 'skip' }, 'skipped-context'],
  ])('stops the application from starting with the option contexts %j', async (contexts, reason) => {
    await expect(createTestApp({ controllers: [DecoratedController], options: { contexts } })).rejects.toMatchObject({
      code: 'COINFLOW_MISCONFIGURED',
      reason,
      message: expect.stringContaining('DecoratedController.mine'),
    });
  });
});

@Injectable()
class QueueHandler {
  handle(): string {
    return 'done';
  }

  @CoinflowAuth()
  decorated(): string {
    return 'done';
  }
}

/** Calls a handler as a library does whose contexts Nest does not know. */
function callInQueue(method: 'handle' | 'decorated'): Promise<unknown> {
  const handler = app!.app.get(QueueHandler);
  const call = app!.app
    .get(ExternalContextCreator)
    .create(
      handler,
      handler[method],
      method,
      undefined,
      undefined,
      undefined,
      undefined,
      { guards: true, filters: true, interceptors: true },
      'rmq',
    ) as () => Promise<unknown>;
  return call();
}

describe('the guard in the context of a library', () => {
  const start = async (contexts: Contexts): Promise<void> => {
    app = await createTestApp({ providers: [QueueHandler], globalGuard: true, options: { contexts } });
  };

  it('rejects a handler in an unknown context by its name', async () => {
    await start(undefined);
    await expect(callInQueue('handle')).rejects.toMatchObject({
      status: 500,
      cause: { reason: 'unknown-context', message: expect.stringContaining('"rmq"') },
    });
  });

  it('skips a handler in a skipped context, unless it has a decorator', async () => {
    await start({ rmq: 'skip' });
    await expect(callInQueue('handle')).resolves.toBe('done');
    await expect(callInQueue('decorated')).rejects.toMatchObject({ status: 500, cause: { reason: 'skipped-context' } });
  });

  it('authenticates by the adapter for the context of the library', async () => {
    await start({
      rmq: { find: () => ({ request: { headers: {} } }), toException: (error) => error },
    });
    await expect(callInQueue('handle')).rejects.toMatchObject({ code: 'COINFLOW_SESSION_KEY_MISSING' });
  });
});
