import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, type INestApplication, type Type, UseGuards } from '@nestjs/common';
import { APP_GUARD, ModuleRef, ModulesContainer } from '@nestjs/core';
import { Field, Mutation, ObjectType, Query, ResolveField, Resolver, Subscription } from '@nestjs/graphql';
import { EventPattern, MessagePattern, Transport } from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  CoinflowAuth,
  CoinflowAuthGuard,
  CoinflowAuthModule,
  CoinflowOptional,
  CoinflowPublic,
  describeRoutes,
  type CoinflowContextAdapter,
} from 'nestjs-coinflow-auth';
import { rpcContext } from 'nestjs-coinflow-auth/microservices';
import { webSocketContext } from 'nestjs-coinflow-auth/websockets';
import { createTestApp, type TestApp, type TestAppOptions } from './harness/create-test-app.js';
import { createGraphQLApp, type GraphQLAppOptions } from './harness/graphql-app.js';
import { keyInData, startMessageService, type MessageServiceOptions } from './harness/message-service.js';
import { RecordingLogger } from './harness/recording-logger.js';
import { Replaced } from './harness/replaced.js';
import { SOCKET_IO } from './harness/sockets.js';

let app: TestApp | undefined;

afterEach(async () => {
  await app?.close();
  app = undefined;
});

/** The handlers that the error of `routeAudit: 'strict'` lists, each with its problem; empty if the application starts. */
async function listed(starting: Promise<TestApp>): Promise<string[]> {
  try {
    app = await starting;
    return [];
  } catch (error) {
    const { reason, message } = error as { reason?: string; message: string };
    expect(reason).toBe('routes-unguarded');
    return message
      .split('\n')
      .slice(2)
      .map((line) => line.trim().replace(/ {2,}/g, ' | '));
  }
}

const STRICT = { routeAudit: 'strict' } as const;
const NO_GUARD = 'no guard, and no @CoinflowPublic()';

describe('the route audit of GraphQL', () => {
  @ObjectType()
  class Account {
    @Field(() => String)
    id!: string;
  }

  @Resolver(() => Account)
  class AccountResolver {
    @Query(() => Account)
    @CoinflowAuth()
    guarded(): Account {
      return { id: '1' };
    }

    @Query(() => Account, { name: 'account' })
    plain(): Account {
      return { id: '1' };
    }

    @Mutation(() => String)
    rename(): string {
      return 'renamed';
    }

    @Subscription(() => String)
    renamed(): AsyncIterableIterator<string> {
      throw new Error('No test subscribes');
    }

    @ResolveField(() => String)
    balance(): string {
      return '15.00';
    }

    @ResolveField('owner', () => String)
    @CoinflowPublic()
    getOwner(): string {
      return 'alice';
    }
  }

  const start = (options: GraphQLAppOptions): Promise<TestApp> =>
    createGraphQLApp({ providers: [AccountResolver], ...options });

  it('lists queries, mutations, subscriptions and field resolvers by their names in the schema', async () => {
    expect(await listed(start({ options: STRICT }))).toEqual([
      `AccountResolver.plain | query | account | ${NO_GUARD}`,
      `AccountResolver.rename | mutation | rename | ${NO_GUARD}`,
      `AccountResolver.renamed | subscription | renamed | ${NO_GUARD}`,
      `AccountResolver.balance | field | Account.balance | ${NO_GUARD}`,
    ]);
  });

  it('counts an APP_GUARD for all resolvers, for those of fields only with fieldResolverEnhancers', async () => {
    expect(await listed(start({ options: STRICT, globalGuard: true }))).toEqual([]);
    await app?.close();
    app = undefined;
    expect(
      await listed(start({ options: STRICT, globalGuard: true, graphql: { fieldResolverEnhancers: [] } })),
    ).toEqual([
      "AccountResolver.balance | field | Account.balance | an APP_GUARD reaches it only with fieldResolverEnhancers: ['guards']",
    ]);
  });

  it('describes the access and the policy of each resolver', async () => {
    app = await start({ globalGuard: true, options: STRICT });
    expect(describeRoutes(app.app).map(({ kind, route, access }) => [kind, route, access])).toEqual([
      ['query', 'guarded', 'required'],
      ['query', 'account', 'required'],
      ['mutation', 'rename', 'required'],
      ['subscription', 'renamed', 'required'],
      ['field', 'Account.balance', 'required'],
      ['field', 'Account.owner', 'public'],
    ]);
  });
});

describe('the route audit of gateways', () => {
  @WebSocketGateway()
  class ChatGateway {
    @SubscribeMessage('guarded')
    @CoinflowAuth()
    guarded(): void {}

    @SubscribeMessage('optional')
    @CoinflowOptional()
    optional(): void {}

    @SubscribeMessage('public')
    @CoinflowPublic()
    public(): void {}

    @SubscribeMessage('forgotten')
    forgotten(): void {}
  }

  const start = (gateway: Type, options: TestAppOptions = {}): Promise<TestApp> =>
    createTestApp({
      providers: [gateway],
      configure: SOCKET_IO.configure,
      ...options,
      options: { contexts: { ws: webSocketContext() }, ...STRICT, ...options.options },
    });

  it('lists a handler without a guard, also under an APP_GUARD', async () => {
    expect(await listed(start(ChatGateway))).toEqual([`ChatGateway.forgotten | gateway | forgotten | ${NO_GUARD}`]);
    expect(await listed(start(ChatGateway, { globalGuard: true }))).toEqual([
      'ChatGateway.forgotten | gateway | forgotten | an APP_GUARD does not reach gateways before NestJS 12',
    ]);
  });

  it('accepts a guarded gateway, and one that extends a guarded class', async () => {
    class Plain {
      @SubscribeMessage('ping')
      ping(): void {}
    }
    @WebSocketGateway()
    @UseGuards(CoinflowAuthGuard)
    class GuardedGateway extends Plain {}
    expect(await listed(start(GuardedGateway))).toEqual([]);
  });

  it('describes what handlers have lost, before the application starts', async () => {
    class Base {
      @SubscribeMessage('pay')
      @CoinflowAuth({ maxAgeMs: 0 })
      pay(): void {}
    }
    @WebSocketGateway()
    class LosingGateway extends Base {
      @SubscribeMessage('pay')
      override pay(): void {}

      @SubscribeMessage('me')
      @Replaced
      @CoinflowAuth()
      me(): void {}
    }
    const describeWith = async (ws: 'skip' | CoinflowContextAdapter): Promise<unknown[]> => {
      const options = { env: 'local', apiKey: 'key', merchantId: 'm', contexts: { ws } } as const;
      const module = await Test.createTestingModule({
        imports: [CoinflowAuthModule.forRoot(options)],
        providers: [LosingGateway],
      })
        .setLogger(new RecordingLogger())
        .compile();
      return describeRoutes(module.createNestApplication()).map(({ route, access, problem }) => [
        route,
        access,
        problem,
      ]);
    };
    const replaced = 'the method was replaced after it was decorated, and has lost its guard and policy';
    expect(await describeWith(webSocketContext())).toEqual([
      ['pay', 'unguarded', 'overrides a decorated handler without its guard and policy'],
      ['me', 'unguarded', replaced],
    ]);
    expect(await describeWith('skip')).toEqual([
      ['pay', 'skipped', 'the option contexts skips "ws"'],
      ['me', 'unguarded', replaced],
    ]);
  });

  it('ignores handlers of a class that is no gateway', async () => {
    class NoGateway {
      @SubscribeMessage('ping')
      ping(): void {}

      @MessagePattern('ping')
      pong(): void {}
    }
    expect(await listed(start(NoGateway))).toEqual([]);
  });

  it('lists handlers of a skipped context, and starts', async () => {
    app = await start(ChatGateway, { options: { contexts: { ws: 'skip' } }, providers: [SkippedGateway] });
    expect(app.logger.at('log').filter((text) => text.includes('audit'))).toEqual([
      [
        'The route audit does not check these handlers:',
        '  handler              kind     route  problem',
        '  SkippedGateway.ping  gateway  ping   the option contexts skips "ws" CoinflowAuth',
      ].join('\n'),
    ]);
    expect(app.logger.at('warn').filter((text) => text.includes('SkippedGateway'))).toEqual([]);
  });
});

@WebSocketGateway()
class SkippedGateway {
  @SubscribeMessage('ping')
  ping(): void {}
}

describe('the route audit of microservices', () => {
  @Controller()
  class OrdersController {
    @MessagePattern('guarded')
    @CoinflowAuth()
    guarded(): void {}

    @MessagePattern({ cmd: 'sum' })
    plain(): string {
      return 'plain';
    }

    @EventPattern(['created', 'changed'])
    changed(): void {}

    /** Nest reads the global guards for it, after the microservices are connected. */
    @Get()
    @CoinflowPublic()
    route(): void {}
  }

  const contexts = { rpc: rpcContext({ sessionKeyOf: keyInData }) };
  const start = (options: MessageServiceOptions): Promise<TestApp> =>
    startMessageService({ controllers: [OrdersController], ...options, options: { contexts, ...STRICT } });
  const rows = (problem: string): string[] => [
    `OrdersController.plain | message | {"cmd":"sum"} | ${problem}`,
    `OrdersController.changed | event | created | ${problem}`,
    `OrdersController.changed | event | changed | ${problem}`,
  ];
  const NOT_INHERITED = 'an APP_GUARD reaches it only with inheritAppConfig: true';
  const addGuard = (nest: INestApplication): void => {
    nest.useGlobalGuards(new CoinflowAuthGuard(nest.get(ModuleRef), nest.get(ModulesContainer)));
  };
  const connect = (nest: INestApplication, inheritAppConfig: boolean): void => {
    nest.connectMicroservice({ transport: Transport.TCP, options: { port: 0 } }, { inheritAppConfig });
  };

  const withMicroservices = (inherits: boolean[]): Promise<TestApp> =>
    createTestApp({
      controllers: [OrdersController],
      globalGuard: true,
      options: { contexts, ...STRICT },
      configure: (nest) => inherits.forEach((one) => connect(nest, one)),
    });

  it('lists message handlers without a guard', async () => {
    expect(await listed(start({}))).toEqual(rows(NO_GUARD));
  });

  it('counts an APP_GUARD with inheritAppConfig only', async () => {
    expect(await listed(start({ globalGuard: true, inheritAppConfig: false }))).toEqual(rows(NOT_INHERITED));
    expect(await listed(start({ globalGuard: true, inheritAppConfig: true }))).toEqual([]);
  });

  it('counts useGlobalGuards() before the microservice is connected, not after it', async () => {
    const options = { controllers: [OrdersController], options: { contexts, ...STRICT } };
    const after = createTestApp({
      ...options,
      configure: (nest) => {
        connect(nest, true);
        addGuard(nest);
      },
    });
    expect(await listed(after)).toEqual(rows(NOT_INHERITED));
    const before = createTestApp({
      ...options,
      configure: (nest) => {
        addGuard(nest);
        connect(nest, true);
      },
    });
    expect(await listed(before)).toEqual([]);
  });

  it('requires inheritAppConfig of every microservice, whatever their order is', async () => {
    for (const inherits of [[true, false], [false, true], []])
      expect(await listed(withMicroservices(inherits))).toEqual(rows(NOT_INHERITED));
  });

  it('counts an APP_GUARD in an application that is only a microservice', async () => {
    const logger = new RecordingLogger();
    const create = async (
      globalGuard: boolean,
    ): Promise<{ init: () => Promise<unknown>; close: () => Promise<void> }> => {
      const module = await Test.createTestingModule({
        imports: [
          CoinflowAuthModule.forRoot({ env: 'local', apiKey: 'key', merchantId: 'm', contexts, routeAudit: 'strict' }),
        ],
        controllers: [OrdersController],
        providers: globalGuard ? [{ provide: APP_GUARD, useClass: CoinflowAuthGuard }] : [],
      })
        .setLogger(logger)
        .compile();
      const service = module.createNestMicroservice({ transport: Transport.TCP, options: { port: 0 } });
      return { init: () => service.listen(), close: () => service.close() };
    };
    const unguarded = await create(false);
    await expect(unguarded.init()).rejects.toMatchObject({ reason: 'routes-unguarded' });
    await unguarded.close();
    const guarded = await create(true);
    await guarded.init();
    await guarded.close();
  });

  it('counts no APP_GUARD on a NestJS whose microservices cannot be observed', async () => {
    const { prototype } = ModulesContainer as { prototype: Partial<ModulesContainer> };
    const { getRpcTargetRegistry } = prototype;
    delete prototype.getRpcTargetRegistry;
    try {
      expect(await listed(withMicroservices([true]))).toEqual(rows(NOT_INHERITED));
    } finally {
      prototype.getRpcTargetRegistry = getRpcTargetRegistry;
    }
  });
});
