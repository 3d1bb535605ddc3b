import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Injectable } from '@nestjs/common';
import { ExternalContextCreator } from '@nestjs/core';
import { MessagePattern, RpcException } from '@nestjs/microservices';
import {
  CoinflowAuth,
  CoinflowOptional,
  CoinflowPublic,
  CurrentSession,
  type CoinflowAuthModuleOptions,
  type CoinflowContextAdapter,
  type CoinflowContextRequest,
  type CoinflowSubject,
} from 'nestjs-coinflow-auth';
import { createTestApp, unseenKey, type TestApp } from './harness/create-test-app.js';
import { startMessageService, type MessageClient } from './harness/message-service.js';

type Contexts = CoinflowAuthModuleOptions['contexts'];

let app: TestApp | undefined;

afterEach(async () => {
  await app?.close();
  app = undefined;
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

async function startService(controllers: (new () => object)[], contexts: Contexts): Promise<MessageClient['request']> {
  const service = await startMessageService({ controllers, globalGuard: true, options: { contexts } });
  app = service;
  return service.request;
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

    @MessagePattern('greet')
    @CoinflowOptional()
    greet(): void {}

    @MessagePattern('public')
    @CoinflowPublic()
    public(): void {}

    @MessagePattern('plain')
    plain(): void {}
  }

  @Controller()
  @CoinflowAuth()
  class DecoratedClassController {
    @MessagePattern('job')
    job(): void {}
  }

  it.each<[contexts: Contexts, reason: string]>([
    [undefined, 'unknown-context'],
    [{ rpc: 'skip' }, 'skipped-context'],
  ])(
    'stops the application from starting with an error that names all such handlers, with the contexts %j',
    async (contexts, reason) => {
      const controllers = [DecoratedController, DecoratedClassController];
      const handlers = 'DecoratedController.mine, DecoratedController.greet, DecoratedClassController.job';
      const message = expect.stringMatching(new RegExp(`(^| )${handlers}[ ,]`)) as unknown;
      const start = createTestApp({ controllers, options: { contexts } });
      await expect(start).rejects.toMatchObject({ code: 'COINFLOW_MISCONFIGURED', reason, message });
    },
  );
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
