import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Injectable, Module } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { Test } from '@nestjs/testing';
import {
  CoinflowAuth,
  CoinflowAuthModule,
  CoinflowAuthService,
  type CoinflowAuthModuleOptions,
  type CoinflowAuthOptionsFactory,
} from 'nestjs-coinflow-auth';
import { coinflowAuthConfig } from 'nestjs-coinflow-auth/config';
import { PLATFORMS, createTestApp, moduleOf, unseenKey, type TestApp } from './harness/create-test-app.js';

@Controller('guarded')
class GuardedController {
  @Get()
  @CoinflowAuth()
  guarded(): string {
    return 'in';
  }
}

@Injectable()
class Settings {
  static current: CoinflowAuthModuleOptions;

  readonly coinflow = Settings.current;
}

@Module({ providers: [Settings], exports: [Settings] })
class SettingsModule {}

const VARIABLES = ['ENV', 'API_KEY', 'MERCHANT_ID', 'BASE_URL', 'CACHE_TTL_MS', 'VERIFICATIONS_PER_MINUTE'].map(
  (name) => `COINFLOW_${name}`,
);

function setEnvironment({ env, apiKey, merchantId, baseUrl }: CoinflowAuthModuleOptions): void {
  Object.assign(process.env, {
    COINFLOW_ENV: env,
    COINFLOW_API_KEY: apiKey,
    COINFLOW_MERCHANT_ID: merchantId,
    COINFLOW_BASE_URL: baseUrl,
  });
}

afterEach(() => {
  for (const name of VARIABLES) delete process.env[name];
});

@Injectable()
class OptionsFactory implements CoinflowAuthOptionsFactory {
  createCoinflowAuthOptions(): CoinflowAuthModuleOptions {
    return Settings.current;
  }
}

@Module({ providers: [OptionsFactory], exports: [OptionsFactory] })
class OptionsFactoryModule {}

const WAYS: [string, (options: CoinflowAuthModuleOptions) => ReturnType<typeof CoinflowAuthModule.forRoot>][] = [
  ['forRoot', (options) => CoinflowAuthModule.forRoot(options)],
  [
    'forRootAsync with a factory',
    (options) => CoinflowAuthModule.forRootAsync({ useFactory: () => Promise.resolve(options) }),
  ],
  [
    'forRootAsync with imports and inject',
    (options) => {
      Settings.current = options;
      return CoinflowAuthModule.forRootAsync({
        imports: [SettingsModule],
        inject: [Settings],
        useFactory: (settings: Settings) => settings.coinflow,
      });
    },
  ],
  [
    'forRootAsync with useClass',
    (options) => {
      Settings.current = options;
      return CoinflowAuthModule.forRootAsync({ useClass: OptionsFactory });
    },
  ],
  [
    'forRootAsync with useExisting',
    (options) => {
      Settings.current = options;
      return CoinflowAuthModule.forRootAsync({ imports: [OptionsFactoryModule], useExisting: OptionsFactory });
    },
  ],
  [
    'forRootAsync from the environment',
    (options) => {
      setEnvironment(options);
      return CoinflowAuthModule.forRootAsync(coinflowAuthConfig.asProvider());
    },
  ],
];

describe.each(PLATFORMS)('registration on %s', (platform) => {
  let app: TestApp;

  afterEach(() => app.close());

  it.each(WAYS)('protects the routes of every module with %s', async (_, register) => {
    app = await createTestApp({
      platform,
      register: (options) => ({ module: moduleOf(GuardedController), imports: [register(options)] }),
    });
    expect(await app.get('/guarded')).toMatchObject({ status: 401 });
    expect(await app.get('/guarded', unseenKey(app.coinflow))).toMatchObject({ status: 200 });
  });
});

describe('CoinflowAuthModule', () => {
  const options: CoinflowAuthModuleOptions = { env: 'sandbox', apiKey: 'key', merchantId: 'merchant' };

  it.each([
    ['forRoot', (isGlobal?: boolean) => CoinflowAuthModule.forRoot({ ...options, isGlobal })],
    ['forRootAsync', (isGlobal?: boolean) => CoinflowAuthModule.forRootAsync({ useFactory: () => options, isGlobal })],
  ])('registers %s globally unless isGlobal is false', (_, register) => {
    expect(register(true)).toMatchObject({ global: true });
    expect(register(false)).toMatchObject({ global: false });
    expect(register(undefined)).toMatchObject({ global: true });
  });

  it('is a global module by default', () => {
    expect(CoinflowAuthModule.forRoot(options)).toMatchObject({ global: true });
    expect(CoinflowAuthModule.forRootAsync({ useFactory: () => options })).toMatchObject({ global: true });
  });

  it('reports every missing environment variable at startup', async () => {
    const startup = Test.createTestingModule({
      imports: [
        ConfigModule.forRoot({ ignoreEnvFile: true }),
        CoinflowAuthModule.forRootAsync(coinflowAuthConfig.asProvider()),
      ],
    }).compile();
    await expect(startup).rejects.toThrow(/COINFLOW_ENV[^]*COINFLOW_API_KEY[^]*COINFLOW_MERCHANT_ID/);
  });

  it('reads an empty environment variable as absent, and numbers as numbers', () => {
    setEnvironment(options);
    process.env.COINFLOW_BASE_URL = ' ';
    const { env, apiKey, merchantId, baseUrl, cache, budget } = coinflowAuthConfig();
    expect({ env, apiKey, merchantId, baseUrl, cache, budget }).toEqual({ ...options, cache: {}, budget: {} });
    process.env.COINFLOW_CACHE_TTL_MS = '60000';
    process.env.COINFLOW_VERIFICATIONS_PER_MINUTE = '12';
    expect(coinflowAuthConfig()).toMatchObject({ cache: { ttlMs: 60_000 }, budget: { verificationsPerMinute: 12 } });
  });

  it('starts while Coinflow is unreachable', async () => {
    const module = await Test.createTestingModule({ imports: [CoinflowAuthModule.forRoot(options)] }).compile();
    expect(module.get(CoinflowAuthService)).toBeInstanceOf(CoinflowAuthService);
    await module.close();
  });
});
