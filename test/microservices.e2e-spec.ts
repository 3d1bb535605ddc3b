import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { Controller, Inject, Injectable, Scope } from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { Ctx, MessagePattern, Payload, type RequestContext } from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import {
  CoinflowAuth,
  CoinflowAuthModule,
  CoinflowOptional,
  CoinflowPublic,
  CurrentSession,
  type CoinflowAuthModuleOptions,
  type CoinflowSession,
  type CoinflowSubject,
} from 'nestjs-coinflow-auth';
import { rpcContext, type RpcContextOptions, type RpcRequest } from 'nestjs-coinflow-auth/microservices';
import { asUser, overrideCoinflowAuth } from 'nestjs-coinflow-auth/testing';
import { forge, moduleOf, unseenKey } from './harness/create-test-app.js';
import {
  TRANSPORTS,
  addTransport,
  keyInData,
  startMessageService,
  type MessageServiceOptions,
} from './harness/message-service.js';
import { RedisServer, describeWithRedis } from './harness/redis-server.js';

const SECRET_PAYLOAD = 'payload of the message';

/** Runs between the guard and the session parameter of the handler, so that messages overlap. */
async function pause(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, Math.random() * 5));
}

let handled = 0;

@Controller()
class OrdersController {
  @MessagePattern('mine')
  @CoinflowAuth()
  async mine(@CurrentSession() session: CoinflowSession, @Payload() data: { order?: number }): Promise<unknown> {
    handled += 1;
    await pause();
    return { subject: session.subject, order: data.order };
  }

  @MessagePattern('greet')
  @CoinflowOptional()
  greet(@CurrentSession('subject') subject: CoinflowSubject | undefined): unknown {
    return subject ?? 'anonymous';
  }

  @MessagePattern('wallets')
  @CoinflowAuth({ subject: 'wallet' })
  wallets(): void {
    handled += 1;
  }

  @MessagePattern('pay')
  @CoinflowAuth({ maxAgeMs: 0 })
  pay(): string {
    return 'paid';
  }
}

@Controller()
class PlainController {
  @MessagePattern('plain')
  plain(@Ctx() context: object): string {
    handled += 1;
    return context.constructor.name;
  }

  @MessagePattern('public')
  @CoinflowPublic()
  public(): string {
    return 'public';
  }
}

describeWithRedis('message handlers', () => {
  let redis: RedisServer;
  let service: Awaited<ReturnType<typeof startMessageService>> | undefined;

  beforeAll(async () => {
    redis = await RedisServer.start();
  });

  afterAll(() => redis.kill());

  afterEach(async () => {
    await service?.close();
    service = undefined;
    handled = 0;
  });

  /** A service that reads the key from `data.sessionKey`. */
  const start = async (
    options: MessageServiceOptions,
    sessionKeyOf: RpcContextOptions['sessionKeyOf'] = keyInData,
    moduleOptions: Partial<CoinflowAuthModuleOptions> = {},
  ): Promise<NonNullable<typeof service>> => {
    const contexts = { rpc: rpcContext({ sessionKeyOf }) };
    service = await startMessageService({
      controllers: [OrdersController, PlainController],
      redisPort: redis.port,
      ...options,
      options: { contexts, ...moduleOptions },
    });
    return service;
  };

  it.each(TRANSPORTS)('gives the handler of a request the session of its key, over %s', async (transport) => {
    const { coinflow, request } = await start({ transport });
    const sessionKey = unseenKey(coinflow);
    await expect(request('mine', { sessionKey, order: 1 })).resolves.toEqual({
      subject: { kind: 'user', userId: 'alice' },
      order: 1,
    });
    await expect(request('greet', { sessionKey })).resolves.toMatchObject({ userId: 'alice' });
    await expect(request('greet')).resolves.toBe('anonymous');
    await expect(request('pay', { sessionKey })).resolves.toBe('paid');
  });

  it.each(TRANSPORTS)('never gives concurrent messages the session of another user, over %s', async (transport) => {
    const { coinflow, request } = await start({ transport });
    const users = Array.from({ length: 20 }, (_, index) => `user-${index}`);
    const keys = new Map(users.map((customerId) => [customerId, unseenKey(coinflow, { customerId })]));
    const orders = Array.from({ length: 200 }, (_, order) => ({ order, userId: users[order % users.length]! }));
    const answers = await Promise.all(
      orders.map(({ order, userId }) => request('mine', { order, sessionKey: keys.get(userId) })),
    );
    expect(answers).toEqual(orders.map(({ order, userId }) => ({ order, subject: { kind: 'user', userId } })));
  });

  it.each(TRANSPORTS)('answers a rejected request with code and message only, over %s', async (transport) => {
    const { coinflow, request, service: coinflowAuth } = await start({ transport });
    const user = unseenKey(coinflow);
    const rejections: [pattern: string, sessionKey: string | undefined, code: string, message: string][] = [
      ['mine', undefined, 'COINFLOW_SESSION_KEY_MISSING', 'A session key is required.'],
      ['greet', 'not a session key', 'COINFLOW_SESSION_KEY_MALFORMED', 'Malformed session key.'],
      ['mine', forge(user), 'COINFLOW_SESSION_REJECTED', 'Invalid session key.'],
      ['wallets', user, 'COINFLOW_SUBJECT_NOT_ALLOWED', 'This route requires another kind of session.'],
    ];
    for (const [pattern, sessionKey, code, message] of rejections) {
      const refused = request(pattern, { sessionKey, note: SECRET_PAYLOAD });
      await expect(refused).rejects.toEqual({ status: 'error', code, message });
    }
    coinflow.fail('verify', { kind: 'status', status: 503 });
    await expect(request('pay', { sessionKey: user })).rejects.toMatchObject({ code: 'COINFLOW_UNAVAILABLE' });
    expect(handled).toBe(0);
    expect(coinflowAuth.metrics().decisions.byOutcome).toMatchObject({
      unauthenticated: 3,
      forbidden: 1,
      unavailable: 1,
      authenticated: 0,
    });
  });

  it.each(TRANSPORTS)('finds the session of a handler that is created for each message, over %s', async (transport) => {
    @Injectable({ scope: Scope.REQUEST })
    class Audit {
      constructor(@Inject(REQUEST) readonly message: RequestContext<{ order: number }>) {}
    }
    @Controller()
    class ScopedController {
      constructor(private readonly audit: Audit) {}

      @MessagePattern('scoped')
      @CoinflowAuth()
      scoped(@CurrentSession('subject') subject: CoinflowSubject): unknown {
        return { subject, order: this.audit.message.getData().order };
      }
    }
    const { coinflow, request } = await start({ transport, controllers: [ScopedController], providers: [Audit] });
    const sessionKey = unseenKey(coinflow);
    await expect(request('scoped', { sessionKey, order: 7 })).resolves.toEqual({
      subject: { kind: 'user', userId: 'alice' },
      order: 7,
    });
    await expect(request('scoped', { order: 7 })).rejects.toMatchObject({ code: 'COINFLOW_SESSION_KEY_MISSING' });
  });

  it.each<[does: string, sessionKeyOf: unknown, reason: string]>([
    ['throws', (): unknown => JSON.parse(`{${SECRET_PAYLOAD}`), 'session-key-of-throws'],
    ['returns a promise that rejects', () => Promise.reject(new Error('late')), 'session-key-of-async'],
  ])('rejects every message if sessionKeyOf %s, and logs the reason', async (_, sessionKeyOf, reason) => {
    const { request, logger } = await start({}, sessionKeyOf as RpcContextOptions['sessionKeyOf']);
    for (const pattern of ['mine', 'greet']) {
      await expect(request(pattern)).rejects.toMatchObject({ code: 'COINFLOW_MISCONFIGURED' });
    }
    expect(handled).toBe(0);
    expect(logger.at('error')).toEqual([expect.stringContaining(reason)]);
    expect(logger.text).not.toContain(SECRET_PAYLOAD);
  });

  it.each([[42], [0], [false], [['key']], [{ key: 'key' }]])(
    'rejects a key that a client sends as %j, under @CoinflowOptional() as well',
    async (sessionKey) => {
      const { request, coinflow } = await start({});
      const code = expect.stringMatching(/^COINFLOW_SESSION_KEY_(MALFORMED|MISSING)$/) as unknown;
      await expect(request('greet', { sessionKey })).rejects.toMatchObject({ code });
      await expect(request('mine', { sessionKey })).rejects.toMatchObject({ code });
      expect(handled).toBe(0);
      expect(coinflow.countCalls('verify')).toBe(0);
    },
  );

  it('limits clients only if budget.getClient finds them in the message', async () => {
    const limited = async (getClient?: (request: object) => string | undefined): Promise<unknown[]> => {
      const budget = { rejectionsPerClient: 2, ...(getClient && { getClient }) };
      const { coinflow, request, close } = await start({}, keyInData, { budget });
      const keys = Array.from({ length: 4 }, (_, index) => forge(unseenKey(coinflow, { customerId: `user-${index}` })));
      const codes: unknown[] = [];
      for (const sessionKey of keys) {
        const refused: unknown = await request('mine', { sessionKey, client: 'gateway' }).catch(
          (error: unknown) => error,
        );
        codes.push((refused as { code: string }).code);
      }
      await close();
      service = undefined;
      return codes;
    };
    const rejected = 'COINFLOW_SESSION_REJECTED';
    await expect(limited()).resolves.toEqual([rejected, rejected, rejected, rejected]);
    const clientOf = (request: object): string => ((request as RpcRequest).data as { client: string }).client;
    await expect(limited(clientOf)).resolves.toEqual([
      rejected,
      rejected,
      'COINFLOW_TOO_MANY_REQUESTS',
      'COINFLOW_TOO_MANY_REQUESTS',
    ]);
  });

  it.each(TRANSPORTS)(
    'guards undecorated handlers by APP_GUARD with inheritAppConfig only, over %s',
    async (transport) => {
      const inherited = await start({ transport, globalGuard: true });
      await expect(inherited.request('plain')).rejects.toMatchObject({ code: 'COINFLOW_SESSION_KEY_MISSING' });
      await expect(inherited.request('public')).resolves.toBe('public');
      const sessionKey = unseenKey(inherited.coinflow);
      await expect(inherited.request('plain', { sessionKey })).resolves.toBe(
        transport === 'TCP' ? 'TcpContext' : 'RedisContext',
      );
      await inherited.close();

      const separate = await start({ transport, globalGuard: true, inheritAppConfig: false });
      await expect(separate.request('plain')).resolves.toMatch(/Context$/);
      await expect(separate.request('mine')).rejects.toMatchObject({ code: 'COINFLOW_SESSION_KEY_MISSING' });
    },
  );

  it.each(TRANSPORTS)('authenticates messages as the user of overrideCoinflowAuth, over %s', async (transport) => {
    const contexts = { rpc: rpcContext({ sessionKeyOf: keyInData }) };
    const throwing = (): CoinflowAuthModuleOptions => {
      throw new Error('A test has no environment variables');
    };
    for (const [register, session] of [
      [CoinflowAuthModule.forRoot({ env: 'local', apiKey: '', merchantId: '', contexts }), asUser('alice')],
      [CoinflowAuthModule.forRootAsync({ useFactory: throwing, contexts }), asUser('alice')],
      [CoinflowAuthModule.forRootAsync({ useFactory: throwing, contexts }), undefined],
    ] as const) {
      const imports = [register, moduleOf(OrdersController)];
      const module = await overrideCoinflowAuth(Test.createTestingModule({ imports }), session).compile();
      const app = module.createNestApplication({ logger: false });
      const connect = addTransport(app, transport, { redisPort: redis.port });
      await app.startAllMicroservices();
      const client = await connect();
      for (const data of [{}, { sessionKey: 'any' }]) {
        const answer: unknown = await client.request('mine', data).catch((error: unknown) => error);
        expect(answer).toMatchObject(
          session ? { subject: { userId: 'alice' } } : { code: 'COINFLOW_SESSION_KEY_MISSING' },
        );
      }
      await client.close();
      await app.close();
    }
  });
});
