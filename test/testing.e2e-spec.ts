import { afterEach, describe, expect, it, jest } from '@jest/globals';
import {
  Controller,
  ForbiddenException,
  Get,
  Injectable,
  Module,
  Post,
  type DynamicModule,
  type INestApplication,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { Test, type TestingModuleBuilder } from '@nestjs/testing';
import {
  CoinflowAuth,
  CoinflowAuthGuard,
  CoinflowAuthModule,
  CoinflowAuthService,
  CoinflowOptional,
  CoinflowPublic,
  CoinflowWebhook,
  CoinflowWebhooks,
  CurrentSession,
  InjectCoinflowAuth,
  InjectCoinflowWebhooks,
  type CoinflowSession,
} from 'nestjs-coinflow-auth';
import { coinflowAuthConfig } from 'nestjs-coinflow-auth/config';
import { asUser, createTestSession, overrideCoinflowAuth } from 'nestjs-coinflow-auth/testing';
import { AppModule } from '../apps/sample/src/app.module.js';
import { configureApp } from '../apps/sample/src/create-app.js';
import { RecordingLogger } from './harness/recording-logger.js';
import { send, type SentResponse } from './harness/send.js';

@Injectable()
class Checkout {
  constructor(
    readonly byClass: CoinflowAuthService,
    @InjectCoinflowAuth() readonly byToken: CoinflowAuthService,
  ) {}
}

@Controller()
class RoutesController {
  @Get('guarded')
  @CoinflowAuth({ maxAgeMs: 0 })
  guarded(@CurrentSession() session: CoinflowSession): unknown {
    return session;
  }

  @Get('global')
  global(): string {
    return 'in';
  }

  @Get('optional')
  @CoinflowOptional()
  optional(@CurrentSession() session: CoinflowSession | undefined): { member: boolean } {
    return { member: session !== undefined };
  }

  @Get('public')
  @CoinflowPublic()
  public(): string {
    return 'public';
  }
}

/** Like a real application: it reads its options from environment variables, which the tests do not set. */
@Module({
  imports: [CoinflowAuthModule.forRootAsync(coinflowAuthConfig.asProvider())],
  controllers: [RoutesController],
  providers: [Checkout, { provide: APP_GUARD, useClass: CoinflowAuthGuard }],
})
class ShopModule {}

describe('overrideCoinflowAuth', () => {
  let app: INestApplication;

  afterEach(() => app.close());

  async function start(session: CoinflowSession | undefined): Promise<(path: string) => Promise<SentResponse>> {
    const module = await overrideCoinflowAuth(Test.createTestingModule({ imports: [ShopModule] }), session).compile();
    app = module.createNestApplication({ logger: false });
    await app.listen(0, '127.0.0.1');
    const url = await app.getUrl();
    return (path) => send(url + path);
  }

  it('authenticates the user on guarded routes and under APP_GUARD', async () => {
    const get = await start(asUser('alice'));
    expect(await get('/guarded')).toMatchObject({
      status: 200,
      body: { subject: { kind: 'user', userId: 'alice' }, merchantId: 'test-merchant' },
    });
    expect(await get('/global')).toMatchObject({ status: 200 });
    expect(await get('/optional')).toMatchObject({ body: { member: true } });
    expect(await get('/public')).toMatchObject({ status: 200 });
  });

  it('rejects requests on guarded routes with 401 when there is no session', async () => {
    const get = await start(undefined);
    expect(await get('/guarded')).toMatchObject({ status: 401, body: { code: 'COINFLOW_SESSION_KEY_MISSING' } });
    expect(await get('/global')).toMatchObject({ status: 401 });
    expect(await get('/optional')).toMatchObject({ body: { member: false } });
    expect(await get('/public')).toMatchObject({ status: 200 });
  });

  it('creates and verifies session keys without calls to Coinflow', async () => {
    await start(asUser('alice'));
    const { byClass, byToken } = app.get(Checkout);
    expect(byClass).toBe(byToken);
    await expect(byClass.createSessionKey({ userId: 'bob' })).resolves.toMatchObject({ subject: { userId: 'bob' } });
    await expect(byClass.verifySessionKey('any')).resolves.toMatchObject({ subject: { userId: 'alice' } });
    await app.close();
    await start(undefined);
    await expect(app.get(CoinflowAuthService).verifySessionKey('any')).rejects.toMatchObject({
      code: 'COINFLOW_SESSION_KEY_MISSING',
    });
  });

  it('authenticates a user in the whole sample application', async () => {
    const module = await overrideCoinflowAuth(
      Test.createTestingModule({ imports: [AppModule] }),
      asUser('carol'),
    ).compile();
    app = configureApp(module.createNestApplication({ logger: false }));
    await app.listen(0, '127.0.0.1');
    expect(await send(`${await app.getUrl()}/me`)).toMatchObject({
      status: 200,
      body: { subject: { userId: 'carol' } },
    });
  });
});

describe('overrideCoinflowAuth and named instances', () => {
  @Injectable()
  class Payouts {
    constructor(
      readonly unnamed: CoinflowAuthService,
      @InjectCoinflowAuth('eu') readonly eu: CoinflowAuthService,
    ) {}
  }

  @Controller()
  class PayoutsController {
    @Get('eu')
    @CoinflowAuth({ instance: 'eu' })
    eu(@CurrentSession() session: CoinflowSession): unknown {
      return session.subject;
    }
  }

  const options = coinflowAuthConfig.asProvider();

  @Module({
    imports: [
      CoinflowAuthModule.forRootAsync(options),
      CoinflowAuthModule.forRootAsync({ ...options, name: 'eu' }),
      CoinflowAuthModule.forRootAsync({ ...options, name: 'us' }),
    ],
    controllers: [PayoutsController],
    providers: [Payouts],
  })
  class PayoutsModule {}

  it('authenticates the user in every named instance', async () => {
    const builder = overrideCoinflowAuth(Test.createTestingModule({ imports: [PayoutsModule] }), asUser('alice'));
    const module = await builder.compile();
    const app = module.createNestApplication({ logger: false });
    await app.listen(0, '127.0.0.1');
    const { unnamed, eu } = app.get(Payouts);
    const instances: unknown[] = [];
    for (const service of [unnamed, eu]) {
      service.onDecision(({ instance }) => void instances.push(instance));
      await expect(service.verifySessionKey('any')).resolves.toMatchObject({ subject: { userId: 'alice' } });
    }
    expect(instances).toEqual([undefined, 'eu']);
    expect(await send(`${await app.getUrl()}/eu`)).toMatchObject({ status: 200, body: { userId: 'alice' } });
    await app.close();
  });

  it('overrides the module of another copy of the package', async () => {
    let override = overrideCoinflowAuth;
    await jest.isolateModulesAsync(async () => {
      override = (await import('nestjs-coinflow-auth/testing')).overrideCoinflowAuth;
    });
    expect(override).not.toBe(overrideCoinflowAuth);
    const module = await override(Test.createTestingModule({ imports: [ShopModule] }), asUser('alice')).compile();
    const { byClass, byToken } = module.get(Checkout);
    expect(byClass).toBe(byToken);
    await expect(byClass.verifySessionKey('any')).resolves.toMatchObject({ subject: { userId: 'alice' } });
  });
});

describe('overrideCoinflowAuth and a part of an application', () => {
  const part = (...imports: DynamicModule[]): TestingModuleBuilder =>
    Test.createTestingModule({ imports, controllers: [RoutesController], providers: [Checkout] });

  it('fails at startup without the module, and the error names the import', async () => {
    const builder = Test.createTestingModule({ controllers: [RoutesController] });
    const module = await overrideCoinflowAuth(builder, asUser('alice')).compile();
    await expect(module.createNestApplication({ logger: false }).init()).rejects.toMatchObject({
      code: 'COINFLOW_MISCONFIGURED',
      reason: 'module-missing',
      action: expect.stringContaining('In a test of a part of the application, import it there'),
    });
  });

  it('authenticates the user with the module, without reading its options', async () => {
    const register = CoinflowAuthModule.forRootAsync(coinflowAuthConfig.asProvider());
    const module = await overrideCoinflowAuth(part(register), asUser('alice')).compile();
    const app = module.createNestApplication({ logger: false });
    await app.listen(0, '127.0.0.1');
    expect(await send(`${await app.getUrl()}/guarded`)).toMatchObject({ status: 200 });
    await app.close();
  });
});

describe('overrideProvider(CoinflowAuthService)', () => {
  let app: INestApplication;
  let logger: RecordingLogger;

  afterEach(() => app.close());

  async function start(service: object): Promise<(path: string) => Promise<SentResponse>> {
    logger = new RecordingLogger();
    const register = CoinflowAuthModule.forRoot({ env: 'local', apiKey: 'key', merchantId: 'merchant' });
    const module = await Test.createTestingModule({
      imports: [register],
      controllers: [RoutesController],
      providers: [Checkout],
    })
      .overrideProvider(CoinflowAuthService)
      .useValue(service)
      .setLogger(logger)
      .compile();
    app = module.createNestApplication();
    await app.listen(0, '127.0.0.1');
    const url = await app.getUrl();
    return (path) => send(url + path);
  }

  it('replaces the service wherever it is injected, by a double with any methods', async () => {
    const service = { createSessionKey: () => asUser('alice') };
    await start(service);
    expect(app.get(Checkout)).toEqual({ byClass: service, byToken: service });
  });

  it('does not change what the guard decides, so that a double cannot open a route', async () => {
    const get = await start({ authenticate: () => asUser('alice'), extractSessionKey: () => 'any' });
    expect(await get('/guarded')).toMatchObject({ status: 401, body: { code: 'COINFLOW_SESSION_KEY_MISSING' } });
    expect(await get('/optional')).toMatchObject({ status: 200, body: { member: false } });
    expect(logger.at('error')).toEqual([]);
  });
});

it('overrideProvider(CoinflowWebhooks) replaces the webhooks for the guard and for injected classes', async () => {
  @Controller()
  class WebhooksController {
    constructor(
      readonly byClass: CoinflowWebhooks,
      @InjectCoinflowWebhooks() readonly byToken: CoinflowWebhooks,
    ) {}

    @Post('webhooks')
    @CoinflowWebhook()
    receive(): void {}
  }
  const webhooks = {
    isConfigured: true,
    receive: () => {
      throw new ForbiddenException();
    },
  };
  const register = CoinflowAuthModule.forRoot({ env: 'local', apiKey: 'key', merchantId: 'merchant' });
  const module = await Test.createTestingModule({ imports: [register], controllers: [WebhooksController] })
    .overrideProvider(CoinflowWebhooks)
    .useValue(webhooks)
    .compile();
  const app = module.createNestApplication({ logger: false });
  await app.listen(0, '127.0.0.1');
  expect(await send(`${await app.getUrl()}/webhooks`, { method: 'POST' })).toMatchObject({ status: 403 });
  expect(app.get(WebhooksController)).toMatchObject({ byClass: webhooks, byToken: webhooks });
  await app.close();
});

describe('createTestSession', () => {
  it('creates a session of a user or a wallet with the given properties', () => {
    const issuedAt = new Date('2026-01-01T00:00:00Z');
    expect(createTestSession({ userId: 'alice', issuedAt })).toMatchObject({
      subject: { kind: 'user', userId: 'alice' },
      merchantId: 'test-merchant',
      issuedAt,
      expiresAt: new Date('2026-01-02T00:00:00Z'),
      key: 'test-session-key',
    });
    const expiresAt = new Date('2026-01-01T01:00:00Z');
    expect(createTestSession({ wallet: '0x1', blockchain: 'eth', merchantId: 'm', expiresAt, key: 'k' })).toMatchObject(
      {
        subject: { kind: 'wallet', wallet: '0x1', blockchain: 'eth' },
        merchantId: 'm',
        expiresAt,
        key: 'k',
      },
    );
  });
});
