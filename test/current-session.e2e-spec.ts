import { afterEach, describe, expect, it } from '@jest/globals';
import {
  Controller,
  Get,
  Inject,
  Injectable,
  Module,
  Scope,
  Sse,
  UseGuards,
  type CanActivate,
  type MessageEvent,
} from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { Query, ResolveField, Resolver } from '@nestjs/graphql';
import { MessagePattern } from '@nestjs/microservices';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  CoinflowAuth,
  CoinflowAuthModule,
  CoinflowAuthService,
  CoinflowOptional,
  InjectCoinflowAuth,
} from 'nestjs-coinflow-auth';
import { graphqlContext } from 'nestjs-coinflow-auth/graphql';
import { rpcContext } from 'nestjs-coinflow-auth/microservices';
import { webSocketContext } from 'nestjs-coinflow-auth/websockets';
import { from, map, mergeMap, timer, type Observable } from 'rxjs';
import { gatewayWith } from './harness/balance.gateway.js';
import { PLATFORMS, createTestApp, unseenKey, type TestApp, type TestAppOptions } from './harness/create-test-app.js';
import { EventStream } from './harness/event-stream.js';
import { createGraphQLApp } from './harness/graphql-app.js';
import { keyInData, startMessageService } from './harness/message-service.js';
import { startGateway } from './harness/socket-app.js';
import { SOCKET_IO, WS } from './harness/sockets.js';

const USERS = Array.from({ length: 200 }, (_, index) => `user-${index}`);

const running: { close: () => Promise<unknown> }[] = [];

afterEach(async () => {
  for (const app of running.splice(0)) await app.close();
});

async function keep<App extends { close: () => Promise<unknown> }>(starting: Promise<App>): Promise<App> {
  const app = await starting;
  running.push(app);
  return app;
}

const pause = (ms = 1): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A service far below the handlers. */
@Injectable()
class Orders {
  #shared: Promise<void> | undefined;

  constructor(private readonly coinflow: CoinflowAuthService) {}

  user(): string {
    const subject = this.coinflow.currentSession()?.subject;
    return subject?.kind === 'user' ? subject.userId : 'anonymous';
  }

  async later(): Promise<string> {
    await pause(Math.random() * 5);
    const [user] = await Promise.all([Promise.resolve().then(() => this.user()), pause()]);
    return user;
  }

  /** One call for all that ask meanwhile, as a loader does that batches. */
  async afterSharedCall(): Promise<string> {
    this.#shared ??= pause(20).finally(() => (this.#shared = undefined));
    await this.#shared;
    return this.user();
  }
}

/** An asynchronous guard before that of this package. */
class SlowGuard implements CanActivate {
  async canActivate(): Promise<boolean> {
    await pause();
    return true;
  }
}

@Controller()
@CoinflowAuth()
class OrdersController {
  constructor(private readonly orders: Orders) {}

  @Get('now')
  now(): string {
    return this.orders.user();
  }

  @Get('later')
  later(): Promise<string> {
    return this.orders.later();
  }

  @Get('shared')
  shared(): Promise<string> {
    return this.orders.afterSharedCall();
  }

  @Get('optional')
  @CoinflowOptional()
  optional(): string {
    return this.orders.user();
  }

  @Get('observable')
  observable(): Observable<string> {
    return timer(2).pipe(mergeMap(() => from(this.orders.later())));
  }

  @Sse('stream')
  stream(): Observable<MessageEvent> {
    return timer(0, 5).pipe(map(() => ({ type: 'user', data: { user: this.orders.user() } })));
  }
}

@Controller()
class PublicController {
  constructor(private readonly orders: Orders) {}

  @Get('public')
  public(): string {
    return this.orders.user();
  }
}

const OPTIONS = { asyncContext: true };

async function start(options: TestAppOptions): Promise<TestApp> {
  return keep(createTestApp({ providers: [Orders], controllers: [OrdersController], options: OPTIONS, ...options }));
}

describe.each(PLATFORMS)('the current session in services, on %s', (platform) => {
  it.each(['/now', '/later', '/shared', '/observable'])(
    'is that of the own request, of two hundred at the same time: %s',
    async (path) => {
      const app = await start({ platform });
      const answers = await Promise.all(
        USERS.map((customerId) => app.get(path, unseenKey(app.coinflow, { customerId }))),
      );
      expect(answers.map(({ text }) => text)).toEqual(USERS);
    },
  );

  it('is there behind asynchronous guards, for a verified and for a cached key', async () => {
    @Controller()
    @UseGuards(SlowGuard)
    class SlowController extends OrdersController {}
    const app = await start({ platform, controllers: [SlowController], globalGuard: true });
    const key = unseenKey(app.coinflow);
    for (let i = 0; i < 3; i += 1) expect((await app.get('/later', key)).text).toBe('alice');
  });

  it('is undefined for an anonymous request of an optional route', async () => {
    const app = await start({ platform });
    expect((await app.get('/optional')).text).toBe('anonymous');
    expect((await app.get('/optional', unseenKey(app.coinflow))).text).toBe('alice');
  });

  it('is an error where no guard has run, not an anonymous request', async () => {
    const app = await start({ platform, controllers: [PublicController] });
    const key = unseenKey(app.coinflow);
    expect(await app.get('/public', key)).toMatchObject({ status: 500, body: { code: 'COINFLOW_MISCONFIGURED' } });
    expect(() => app.service.currentSession()).toThrow(expect.objectContaining({ reason: 'no-current-session' }));
  });

  it('is an error without the option asyncContext', async () => {
    const app = await start({ platform, options: {} });
    expect(await app.get('/now', unseenKey(app.coinflow))).toMatchObject({ status: 500 });
    expect(() => app.service.currentSession()).toThrow(expect.objectContaining({ reason: 'async-context-off' }));
  });

  it('stays for the whole stream of an @Sse() handler', async () => {
    const app = await start({ platform });
    const open = (customerId: string): Promise<EventStream> =>
      EventStream.open(`${app.url}/stream`, {
        'x-coinflow-auth-session-key': unseenKey(app.coinflow, { customerId }),
      });
    const streams = await Promise.all(['alice', 'bob'].map(open));
    for (const stream of streams) await stream.until('user', (events) => events.length > 3);
    const users = streams.map(
      (stream) => new Set(stream.events('user').map((data) => (data as { user: string }).user)),
    );
    expect(users).toEqual([new Set(['alice']), new Set(['bob'])]);
    for (const stream of streams) stream.close();
  });
});

it('request-scoped providers and controllers have the current session', async () => {
  @Injectable({ scope: Scope.REQUEST })
  class Basket {
    constructor(
      @Inject(REQUEST) readonly request: object,
      private readonly orders: Orders,
    ) {}

    owner(): Promise<string> {
      return this.orders.later();
    }
  }
  @Controller()
  @CoinflowAuth()
  class BasketController {
    constructor(private readonly basket: Basket) {}

    @Get('basket')
    owner(): Promise<string> {
      return this.basket.owner();
    }
  }
  const app = await start({ controllers: [BasketController], providers: [Orders, Basket] });
  const answers = await Promise.all(
    USERS.slice(0, 50).map((customerId) => app.get('/basket', unseenKey(app.coinflow, { customerId }))),
  );
  expect(answers.map(({ text }) => text)).toEqual(USERS.slice(0, 50));
});

it('each named instance has its own current session, also in a handler that two controllers inherit', async () => {
  class Base {
    constructor(
      @InjectCoinflowAuth('eu') private readonly eu: CoinflowAuthService,
      @InjectCoinflowAuth() private readonly unnamed: CoinflowAuthService,
    ) {}

    @Get()
    both(): unknown {
      const codeOf = (service: CoinflowAuthService): unknown => {
        try {
          return service.currentSession()?.subject;
        } catch (error) {
          return (error as { reason: string }).reason;
        }
      };
      return [codeOf(this.eu), codeOf(this.unnamed)];
    }
  }
  @Controller('eu')
  @CoinflowAuth({ instance: 'eu' })
  class EuController extends Base {}
  @Controller('unnamed')
  @CoinflowAuth()
  class UnnamedController extends Base {}
  @Module({})
  class Instances {}
  const app = await start({
    controllers: [EuController, UnnamedController],
    register: (options) => ({
      module: Instances,
      imports: [CoinflowAuthModule.forRoot(options), CoinflowAuthModule.forRoot({ ...options, name: 'eu' })],
    }),
  });
  const alice = { kind: 'user', userId: 'alice' };
  const bodyOf = async (path: string): Promise<unknown> => (await app.get(path, unseenKey(app.coinflow))).body;
  expect(await bodyOf('/eu')).toEqual([alice, 'no-current-session']);
  expect(await bodyOf('/unnamed')).toEqual(['no-current-session', alice]);
});

describe('the current session in services, in other contexts', () => {
  it('is that of the own GraphQL operation, in field resolvers too', async () => {
    @Resolver('User')
    @CoinflowAuth()
    class UserResolver {
      constructor(private readonly orders: Orders) {}

      @Query('me')
      async me(): Promise<object> {
        return { id: await this.orders.later() };
      }

      @ResolveField('owner')
      owner(): Promise<string> {
        return this.orders.later();
      }
    }
    const app = await keep(
      createGraphQLApp({
        providers: [Orders, UserResolver],
        graphql: {
          autoSchemaFile: false,
          typeDefs: 'type User { id: ID! owner: String! } type Query { me: User! }',
          fieldResolverEnhancers: ['guards', 'interceptors'],
        },
        options: { ...OPTIONS, contexts: { graphql: graphqlContext() } },
      }),
    );
    const answers = await Promise.all(
      USERS.map((customerId) => app.query('{ me { id owner } }', unseenKey(app.coinflow, { customerId }))),
    );
    expect(answers.map(({ data }) => data)).toEqual(USERS.map((id) => ({ me: { id, owner: id } })));
  });

  it.each([SOCKET_IO, WS])('is that of the own connection, for each message on $name', async (transport) => {
    @WebSocketGateway()
    class OrdersGateway extends gatewayWith() {
      @Inject(Orders)
      private readonly orders!: Orders;

      @SubscribeMessage('owner')
      async owner(): Promise<object> {
        return { event: 'owner', data: await this.orders.later() };
      }
    }
    const app = await startGateway(transport, {
      gateway: OrdersGateway,
      providers: [Orders],
      options: { ...OPTIONS, contexts: { ws: webSocketContext() } },
    });
    const users = USERS.slice(0, 60);
    const answers = await Promise.all(
      users.map(async (customerId) => {
        const connection = await app.open({ explicit: unseenKey(app.coinflow, { customerId }) });
        return (await connection.ask('owner')).data;
      }),
    );
    expect(answers).toEqual(users);
  });

  it('is that of the own message of a microservice', async () => {
    @Controller()
    @CoinflowAuth()
    class OrderMessages {
      constructor(private readonly orders: Orders) {}

      @MessagePattern('owner')
      owner(): Promise<string> {
        return this.orders.later();
      }
    }
    const app = await keep(
      startMessageService({
        controllers: [OrderMessages],
        providers: [Orders],
        options: { ...OPTIONS, contexts: { rpc: rpcContext({ sessionKeyOf: keyInData }) } },
      }),
    );
    const answers = await Promise.all(
      USERS.map((customerId) => app.request('owner', { sessionKey: unseenKey(app.coinflow, { customerId }) })),
    );
    expect(answers).toEqual(USERS);
  });
});
