import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Controller, Get, NotFoundException, UseGuards, Injectable, Module } from '@nestjs/common';
import { Args, Int, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { EventPattern, MessagePattern } from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  CoinflowAuth,
  CoinflowAuthGuard,
  CoinflowAuthModule,
  CoinflowOptional,
  SessionUser,
  type CoinflowSession,
  type UserOf,
} from 'nestjs-coinflow-auth';
import { graphqlContext } from 'nestjs-coinflow-auth/graphql';
import { rpcContext } from 'nestjs-coinflow-auth/microservices';
import { asUser, overrideCoinflowAuth } from 'nestjs-coinflow-auth/testing';
import { webSocketContext } from 'nestjs-coinflow-auth/websockets';
import { gatewayWith } from './harness/balance.gateway.js';
import { PLATFORMS, createTestApp, unseenKey, type TestApp } from './harness/create-test-app.js';
import { createGraphQLApp } from './harness/graphql-app.js';
import { keyInData, startMessageService } from './harness/message-service.js';
import { startGateway } from './harness/socket-app.js';
import { SOCKET_IO, WS } from './harness/sockets.js';

interface User {
  id: string;
  mail: string;
}

/** The application's users. */
const loadUser = jest.fn<(session: CoinflowSession) => Promise<User | null>>();

async function findUser({ subject }: CoinflowSession): Promise<User | null> {
  await new Promise((resolve) => setTimeout(resolve, 1));
  const id = subject?.kind === 'user' ? subject.userId : '';
  return id === 'nobody' ? null : { id, mail: `${id}@shop.example` };
}

const running: { close: () => Promise<unknown> }[] = [];

afterEach(async () => {
  for (const app of running.splice(0)) await app.close();
});

function reset(): void {
  loadUser.mockReset().mockImplementation(findUser);
}

async function keep<App extends { close: () => Promise<unknown> }>(starting: Promise<App>): Promise<App> {
  const app = await starting;
  running.push(app);
  return app;
}

@UseGuards(CoinflowAuthGuard)
@Controller()
class UsersController {
  @Get('me')
  me(@SessionUser() user: UserOf<typeof loadUser>, @SessionUser<User>('mail') mail: string): object {
    return { ...user, again: mail };
  }

  @Get('plain')
  plain(): string {
    return 'plain';
  }

  @Get('optional')
  @CoinflowOptional()
  optional(@SessionUser() user: User | undefined): object {
    return { user: user ?? 'anonymous' };
  }
}

describe.each(PLATFORMS)('the user of a session, on %s', (platform) => {
  const start = (): Promise<TestApp> => {
    reset();
    return keep(createTestApp({ platform, controllers: [UsersController], options: { loadUser } }));
  };

  it('is loaded once for a request, and only if the handler asks', async () => {
    const app = await start();
    const key = unseenKey(app.coinflow);
    expect(await app.get('/plain', key)).toMatchObject({ status: 200 });
    expect(loadUser).not.toHaveBeenCalled();
    expect(await app.get('/me', key)).toMatchObject({
      body: { id: 'alice', mail: 'alice@shop.example', again: 'alice@shop.example' },
    });
    expect(loadUser).toHaveBeenCalledTimes(1);
    expect(loadUser.mock.calls[0]?.[0]).toMatchObject({ subject: { userId: 'alice' } });
    await app.get('/me', key);
    expect(loadUser).toHaveBeenCalledTimes(2);
  });

  it('is not loaded for a rejected and for an anonymous request', async () => {
    const app = await start();
    expect(await app.get('/me', 'not a session key')).toMatchObject({ status: 401 });
    expect(await app.get('/optional')).toMatchObject({ status: 200, body: { user: 'anonymous' } });
    expect(loadUser).not.toHaveBeenCalled();
    expect(await app.get('/optional', unseenKey(app.coinflow))).toMatchObject({ body: { user: { id: 'alice' } } });
  });

  it.each([null, undefined])('is answered 403 when the application returns %p', async (nothing) => {
    const app = await start();
    loadUser.mockResolvedValue(nothing as null);
    const answer = await app.get('/me', unseenKey(app.coinflow));
    expect(answer).toMatchObject({
      status: 403,
      body: { statusCode: 403, code: 'COINFLOW_USER_NOT_FOUND', message: 'There is no user for this session.' },
    });
    expect('www-authenticate' in answer.headers).toBe(false);
    expect(loadUser).toHaveBeenCalledTimes(1);
  });

  it("leaves the application's own errors as they are", async () => {
    const app = await start();
    loadUser.mockRejectedValue(new NotFoundException('no such tenant'));
    expect(await app.get('/me', unseenKey(app.coinflow))).toMatchObject({
      status: 404,
      body: { message: 'no such tenant' },
    });
    loadUser.mockImplementation(() => {
      throw new Error('the database is down');
    });
    const answer = await app.get('/me', unseenKey(app.coinflow));
    expect(answer).toMatchObject({ status: 500 });
    expect(answer.text).not.toContain('database');
  });

  it('is that of its own request, of two hundred at the same time', async () => {
    const app = await start();
    const users = Array.from({ length: 200 }, (_, index) => `user-${index}`);
    const answers = await Promise.all(
      users.map((customerId) => app.get('/me', unseenKey(app.coinflow, { customerId }))),
    );
    expect(answers.map(({ body }) => (body as User).id)).toEqual(users);
    expect(loadUser).toHaveBeenCalledTimes(200);
  });
});

it('the loader can come from a factory with an injected repository', async () => {
  @Injectable()
  class Repository {
    readonly find = findUser;
  }
  @Module({ providers: [Repository], exports: [Repository] })
  class RepositoryModule {}
  reset();
  const app = await keep(
    createTestApp({
      controllers: [UsersController],
      register: (options) =>
        CoinflowAuthModule.forRootAsync({
          imports: [RepositoryModule],
          inject: [Repository],
          useFactory: (repository: Repository) => ({ ...options, loadUser: (session) => repository.find(session) }),
        }),
    }),
  );
  expect(await app.get('/me', unseenKey(app.coinflow))).toMatchObject({ body: { id: 'alice' } });
});

it('each named instance loads its own users', async () => {
  @Controller()
  class EuController {
    @Get('eu')
    @CoinflowAuth({ instance: 'eu' })
    eu(@SessionUser() user: object): object {
      return user;
    }
  }
  reset();
  const app = await keep(
    createTestApp({
      controllers: [UsersController, EuController],
      options: { loadUser },
      register: (options) => ({
        module: class Instances {},
        imports: [
          CoinflowAuthModule.forRoot(options),
          CoinflowAuthModule.forRoot({ ...options, name: 'eu', loadUser: () => ({ id: 'of eu' }) }),
        ],
      }),
    }),
  );
  const key = unseenKey(app.coinflow);
  expect(await app.get('/eu', key)).toMatchObject({ body: { id: 'of eu' } });
  expect(await app.get('/me', key)).toMatchObject({ body: { id: 'alice' } });
});

it('an application with @SessionUser() does not start without loadUser, and the error names the handlers', async () => {
  await expect(createTestApp({ controllers: [UsersController] })).rejects.toMatchObject({
    code: 'COINFLOW_MISCONFIGURED',
    reason: 'load-user-missing',
    message: 'UsersController.me, UsersController.optional use @SessionUser(), but the option loadUser is not set',
  });
});

it('a handler without a guard gets an error, not an anonymous user', async () => {
  @Controller()
  class Unguarded {
    @Get()
    me(@SessionUser() user: object): object {
      return user;
    }
  }
  reset();
  const app = await keep(createTestApp({ controllers: [Unguarded], options: { loadUser } }));
  expect(await app.get('/', unseenKey(app.coinflow))).toMatchObject({
    status: 500,
    body: { code: 'COINFLOW_MISCONFIGURED' },
  });
  expect(loadUser).not.toHaveBeenCalled();
});

describe('the user of a session, in other contexts', () => {
  it('is loaded once for all resolvers of a GraphQL operation', async () => {
    @Resolver('User')
    @CoinflowAuth()
    class UserResolver {
      @Query('me')
      me(@SessionUser() user: User): User {
        return user;
      }

      @ResolveField('mail')
      mail(@Parent() { id }: User, @SessionUser() user: User): string {
        return id === user.id ? user.mail : '';
      }

      @Query('length')
      length(@SessionUser('id') id: string, @Args('add', { type: () => Int }) add: number): number {
        return id.length + add;
      }
    }
    reset();
    const app = await keep(
      createGraphQLApp({
        providers: [UserResolver],
        graphql: {
          autoSchemaFile: false,
          typeDefs: 'type User { id: ID! mail: String! } type Query { me: User! length(add: Int!): Int! }',
        },
        options: { loadUser, contexts: { graphql: graphqlContext() } },
      }),
    );
    const query = '{ me { id mail } length(add: 1) again: length(add: 2) }';
    const { data } = await app.query(query, unseenKey(app.coinflow));
    expect(data).toEqual({ me: { id: 'alice', mail: 'alice@shop.example' }, length: 6, again: 7 });
    expect(loadUser).toHaveBeenCalledTimes(1);
    const { errors } = await app.query('{ me { id } }', unseenKey(app.coinflow, { customerId: 'nobody' }));
    expect(errors).toMatchObject([{ extensions: { code: 'COINFLOW_USER_NOT_FOUND' } }]);
  });

  it.each([SOCKET_IO, WS])('is loaded for each message on $name', async (transport) => {
    @WebSocketGateway()
    class UserGateway extends gatewayWith() {
      @SubscribeMessage('user')
      user(@SessionUser() user: User): object {
        return { event: 'user', data: user.id };
      }
    }
    reset();
    const app = await startGateway(transport, {
      gateway: UserGateway,
      options: { contexts: { ws: webSocketContext() }, loadUser },
    });
    for (const customerId of ['alice', 'nobody']) {
      const connection = await app.open({ explicit: unseenKey(app.coinflow, { customerId }) });
      const expected =
        customerId === 'alice' ? { data: 'alice' } : { event: 'exception', data: { code: 'COINFLOW_USER_NOT_FOUND' } };
      expect(await connection.ask('user')).toMatchObject(expected);
      expect(await connection.ask('user')).toMatchObject(expected);
    }
    expect(loadUser).toHaveBeenCalledTimes(4);
  });

  it('is loaded for messages of a microservice, and a dropped event runs no handler', async () => {
    const events: string[] = [];
    @Controller()
    @CoinflowAuth()
    class UserMessages {
      @MessagePattern('me')
      me(@SessionUser() user: User): string {
        return user.id;
      }

      @EventPattern('seen')
      seen(@SessionUser() user: User): void {
        events.push(user.id);
      }
    }
    reset();
    const app = await keep(
      startMessageService({
        transport: 'TCP',
        controllers: [UserMessages],
        options: { loadUser, contexts: { rpc: rpcContext({ sessionKeyOf: keyInData }) } },
      }),
    );
    const keyOf = (customerId: string): string => unseenKey(app.coinflow, { customerId });
    await expect(app.request('me', { sessionKey: keyOf('bob') })).resolves.toBe('bob');
    await expect(app.request('me', { sessionKey: keyOf('nobody') })).rejects.toMatchObject({
      code: 'COINFLOW_USER_NOT_FOUND',
    });
    expect(events).toEqual([]);
  });
});

it('overrideCoinflowAuth() injects the user of the test', async () => {
  const builder = (): ReturnType<typeof Test.createTestingModule> =>
    Test.createTestingModule({
      imports: [CoinflowAuthModule.forRoot({ env: 'sandbox', apiKey: 'key', merchantId: 'merchant', loadUser })],
      controllers: [UsersController],
    });
  reset();
  for (const [user, status] of [
    [{ id: 'alice', mail: 'a@b.example' }, 200],
    [null, 403],
    [undefined, 500],
  ] as const) {
    const module = await overrideCoinflowAuth(builder(), asUser('alice'), { user }).compile();
    const app = await keep(Promise.resolve(module.createNestApplication({ logger: false })));
    await app.listen(0, '127.0.0.1');
    const response = await fetch(`${await app.getUrl()}/me`);
    expect(response.status).toBe(status);
    if (user) expect(await response.json()).toEqual({ ...user, again: user.mail });
  }
  expect(loadUser).not.toHaveBeenCalled();
});
