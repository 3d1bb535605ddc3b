import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Injectable, Module, type INestApplication } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import {
  CoinflowAuth,
  CoinflowAuthGuard,
  CoinflowAuthModule,
  CoinflowAuthService,
  CoinflowOptional,
  CoinflowPublic,
  CurrentSession,
  InjectCoinflowAuth,
  type CoinflowSession,
} from 'nestjs-coinflow-auth';
import { coinflowAuthConfig } from 'nestjs-coinflow-auth/config';
import { asUser, createTestSession, overrideCoinflowAuth } from 'nestjs-coinflow-auth/testing';
import { AppModule } from '../apps/sample/src/app.module.js';
import { configureApp } from '../apps/sample/src/create-app.js';
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

/** As an application is: its options come from an environment that a test does not have. */
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

  it('every guarded route sees the user, whatever guards it', async () => {
    const get = await start(asUser('alice'));
    expect(await get('/guarded')).toMatchObject({
      status: 200,
      body: { subject: { kind: 'user', userId: 'alice' }, merchantId: 'test-merchant' },
    });
    expect(await get('/global')).toMatchObject({ status: 200 });
    expect(await get('/optional')).toMatchObject({ body: { member: true } });
    expect(await get('/public')).toMatchObject({ status: 200 });
  });

  it('nobody is refused as ever', async () => {
    const get = await start(undefined);
    expect(await get('/guarded')).toMatchObject({ status: 401, body: { code: 'COINFLOW_SESSION_KEY_MISSING' } });
    expect(await get('/global')).toMatchObject({ status: 401 });
    expect(await get('/optional')).toMatchObject({ body: { member: false } });
    expect(await get('/public')).toMatchObject({ status: 200 });
  });

  it('the service answers without Coinflow', async () => {
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

  it('one line makes the whole sample somebody’s', async () => {
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

describe('createTestSession', () => {
  it('is a session of a user or a wallet, with what else a test needs', () => {
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
