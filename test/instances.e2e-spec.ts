import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Injectable, Module, type DynamicModule } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { startCoinflowEmulator, type CoinflowEmulator } from 'coinflow-emulator';
import {
  CoinflowAuth,
  CoinflowAuthGuard,
  CoinflowAuthModule,
  CoinflowAuthService,
  CurrentSession,
  InjectCoinflowAuth,
  type CoinflowAuthModuleOptions,
  type CoinflowSession,
} from 'nestjs-coinflow-auth';
import { asUser, overrideCoinflowAuth } from 'nestjs-coinflow-auth/testing';
import { PLATFORMS, createTestApp, moduleOf, optionsFor, type TestApp } from './harness/create-test-app.js';

@Injectable()
class Checkout {
  constructor(
    readonly here: CoinflowAuthService,
    @InjectCoinflowAuth('eu') readonly eu: CoinflowAuthService,
  ) {}
}

@Controller()
class RoutesController {
  constructor(readonly checkout: Checkout) {}

  @Get('here')
  @CoinflowAuth()
  here(@CurrentSession('merchantId') merchantId: string): { merchantId: string } {
    return { merchantId };
  }

  @Get('eu')
  @CoinflowAuth({ instance: 'eu' })
  eu(@CurrentSession('merchantId') merchantId: string): { merchantId: string } {
    return { merchantId };
  }

  @Get('nowhere')
  @CoinflowAuth({ instance: 'nowhere' })
  nowhere(): string {
    return 'in';
  }
}

@CoinflowAuth({ instance: 'eu', maxAgeMs: 0 })
@Controller('all-eu')
class EuController {
  @Get()
  @CoinflowAuth({ maxAgeMs: 60_000 })
  show(@CurrentSession() session: CoinflowSession): { merchantId: string | undefined } {
    return { merchantId: session.merchantId };
  }
}

describe.each(PLATFORMS)('named instances on %s', (platform) => {
  let app: TestApp;
  let elsewhere: CoinflowEmulator | undefined;

  afterEach(async () => {
    await app.close();
    await elsewhere?.close();
    elsewhere = undefined;
  });

  /** The unnamed instance is the emulator's first merchant; `eu` its second, or the first of another Coinflow. */
  async function start(euOptions?: CoinflowAuthModuleOptions): Promise<Record<'here' | 'eu', string>> {
    app = await createTestApp({
      platform,
      register: (options): DynamicModule => {
        const [, other] = app0Merchants;
        const eu = euOptions ?? { ...options, ...other };
        return {
          module: moduleOf(RoutesController, EuController),
          providers: [Checkout],
          imports: [
            CoinflowAuthModule.forRoot(options),
            CoinflowAuthModule.forRootAsync({ name: 'eu', useFactory: () => eu }),
          ],
        };
      },
    });
    const checkout = app.app.get(RoutesController, { strict: false }).checkout;
    return {
      here: (await checkout.here.createSessionKey({ userId: 'alice' })).key,
      eu: (await checkout.eu.createSessionKey({ userId: 'alice' })).key,
    };
  }

  const app0Merchants = [
    { merchantId: 'demo-merchant', apiKey: 'coinflow_emulator_key_of_demo_merchant' },
    { merchantId: 'other-merchant', apiKey: 'coinflow_emulator_key_of_other_merchant' },
  ] as const;

  it('accepts in each instance only the session keys of its own merchant', async () => {
    const keys = await start();
    for (const round of ['fresh', 'remembered']) {
      expect([round, await app.get('/here', keys.here)]).toMatchObject([
        round,
        { status: 200, body: { merchantId: 'demo-merchant' } },
      ]);
      expect([round, await app.get('/eu', keys.eu)]).toMatchObject([
        round,
        { status: 200, body: { merchantId: 'other-merchant' } },
      ]);
      for (const [path, key] of [
        ['/here', keys.eu],
        ['/eu', keys.here],
      ] as const) {
        expect(await app.get(path, key)).toMatchObject({
          status: 401,
          body: { code: 'COINFLOW_SESSION_WRONG_MERCHANT' },
        });
      }
    }
    expect(app.coinflow.countCalls('verify')).toBe(0);
  });

  it('rejects in one instance the keys that another one verified at another Coinflow endpoint', async () => {
    elsewhere = await startCoinflowEmulator();
    const keys = await start(optionsFor(elsewhere));
    expect(await app.get('/here', keys.here)).toMatchObject({ status: 200 });
    expect(await app.get('/eu', keys.eu)).toMatchObject({ status: 200 });
    expect(await app.get('/eu', keys.here)).toMatchObject({ status: 401, body: { code: 'COINFLOW_SESSION_REJECTED' } });
    expect(await app.get('/here', keys.eu)).toMatchObject({ status: 401, body: { code: 'COINFLOW_SESSION_REJECTED' } });
  });

  it('uses the instance of the controller for its handlers', async () => {
    const keys = await start();
    expect(await app.get('/all-eu', keys.eu)).toMatchObject({ status: 200, body: { merchantId: 'other-merchant' } });
    expect(await app.get('/all-eu', keys.here)).toMatchObject({ status: 401 });
  });

  it('answers 500 for a route of an instance that is not registered', async () => {
    const keys = await start();
    for (const key of [keys.here, undefined]) {
      expect(await app.get('/nowhere', key)).toMatchObject({ status: 500, body: { code: 'COINFLOW_MISCONFIGURED' } });
    }
  });
});

describe('the registration of instances', () => {
  const options: CoinflowAuthModuleOptions = { env: 'sandbox', apiKey: 'key', merchantId: 'merchant' };

  function modulesThatRegister(first: object, second: object): DynamicModule {
    @Module({ imports: [CoinflowAuthModule.forRoot({ ...options, ...first })] })
    class ShopModule {}
    @Module({ imports: [CoinflowAuthModule.forRootAsync({ ...second, useFactory: () => options })] })
    class PayoutsModule {}
    return { module: class AppModule {}, imports: [ShopModule, PayoutsModule] };
  }

  it.each([
    ['without a name', {}, 'registered twice without a name: by ShopModule and by PayoutsModule'],
    ['with one name', { name: 'eu' }, 'registered twice with the name "eu": by ShopModule and by PayoutsModule'],
    [
      'with a name that contains a colon',
      { name: 'eu:live' },
      'registered twice with the name "eu:live": by ShopModule and by PayoutsModule',
    ],
  ])('rejects two registrations %s, and names both modules', async (_, extras, message) => {
    const starting = Test.createTestingModule({ imports: [modulesThatRegister(extras, extras)] }).compile();
    await expect(starting).rejects.toMatchObject({
      code: 'COINFLOW_MISCONFIGURED',
      message: expect.stringContaining(message),
    });
  });

  it('accepts two names, and one registration that two modules import', async () => {
    const both = await Test.createTestingModule({
      imports: [modulesThatRegister({ name: 'eu' }, { name: 'us' })],
    }).compile();
    await both.close();

    const shared = CoinflowAuthModule.forRoot(options);
    @Module({ imports: [shared] })
    class AModule {}
    @Module({ imports: [shared] })
    class BModule {}
    const once = await Test.createTestingModule({ imports: [AModule, BModule] }).compile();
    expect(once.get(CoinflowAuthService)).toBeInstanceOf(CoinflowAuthService);
    await once.close();
  });

  it('needs no unnamed instance when all routes name an instance', async () => {
    @Module({
      imports: [CoinflowAuthModule.forRoot({ ...options, name: 'eu' })],
      controllers: [EuController],
      providers: [{ provide: APP_GUARD, useClass: CoinflowAuthGuard }],
    })
    class AppModule {}
    const module = await overrideCoinflowAuth(
      Test.createTestingModule({ imports: [AppModule] }),
      asUser('alice'),
    ).compile();
    const app = module.createNestApplication({ logger: false });
    await app.listen(0, '127.0.0.1');
    const response = await fetch(`${await app.getUrl()}/all-eu`);
    expect([response.status, await response.json()]).toEqual([200, { merchantId: 'test-merchant' }]);
    await app.close();
  });
});
