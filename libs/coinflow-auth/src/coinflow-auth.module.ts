import {
  ConfigurableModuleBuilder,
  Module,
  type ConfigurableModuleAsyncOptions,
  type DynamicModule,
} from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { CoinflowAuthService } from './coinflow-auth.service.js';
import { CoinflowAuthExceptionFilter } from './contexts/coinflow-auth-exception.filter.js';
import type { CoinflowAuthModuleOptions } from './options/coinflow-auth-options.js';
import { resolveOptions, type ResolvedCoinflowAuthOptions } from './options/resolve-options.js';
import { COINFLOW_AUTH_MODULE_OPTIONS, COINFLOW_AUTH_OPTIONS, COINFLOW_AUTH_SERVICE } from './options/tokens.js';

/** What Nest must know before the options are there, for `forRoot` and `forRootAsync` alike. */
export interface CoinflowAuthModuleExtras {
  /**
   * Whether the service and the guard's needs are there for every module without importing this one.
   * @default true
   */
  isGlobal?: boolean;
}

/** What `CoinflowAuthModule.forRoot()` takes. */
export type CoinflowAuthRootOptions = CoinflowAuthModuleOptions & CoinflowAuthModuleExtras;

/** What `CoinflowAuthModule.forRootAsync()` takes. */
export type CoinflowAuthRootAsyncOptions = ConfigurableModuleAsyncOptions<CoinflowAuthModuleOptions> &
  CoinflowAuthModuleExtras;

const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<CoinflowAuthModuleOptions>({
  optionsInjectionToken: COINFLOW_AUTH_MODULE_OPTIONS,
})
  .setClassMethodName('forRoot')
  .setExtras<CoinflowAuthModuleExtras>({ isGlobal: undefined }, (definition, { isGlobal = true }) => ({
    ...definition,
    global: isGlobal,
  }))
  .build();

/**
 * Coinflow's session keys for a Nest application: import it once, at the root.
 * @example
 * CoinflowAuthModule.forRoot({ env: 'sandbox', apiKey: process.env.COINFLOW_API_KEY!, merchantId: 'my-merchant' })
 * @example
 * CoinflowAuthModule.forRootAsync(coinflowAuthConfig.asProvider()) // from 'nestjs-coinflow-auth/config'
 */
@Module({
  providers: [
    { provide: COINFLOW_AUTH_OPTIONS, useFactory: resolveOptions, inject: [COINFLOW_AUTH_MODULE_OPTIONS] },
    {
      provide: COINFLOW_AUTH_SERVICE,
      useFactory: (options: ResolvedCoinflowAuthOptions) => new CoinflowAuthService(options),
      inject: [COINFLOW_AUTH_OPTIONS],
    },
    { provide: CoinflowAuthService, useExisting: COINFLOW_AUTH_SERVICE },
    { provide: APP_FILTER, useClass: CoinflowAuthExceptionFilter },
  ],
  exports: [COINFLOW_AUTH_SERVICE, CoinflowAuthService],
})
export class CoinflowAuthModule extends ConfigurableModuleClass {
  /**
   * Registers the module with options that are at hand.
   * @throws {CoinflowMisconfiguredError} at boot, naming every mistake in the options
   */
  static override forRoot(options: CoinflowAuthRootOptions): DynamicModule {
    return super.forRoot(options);
  }

  /**
   * Registers the module with options from a factory: `{ imports, inject, useFactory }`.
   * @throws {CoinflowMisconfiguredError} at boot, naming every mistake in the options
   */
  static override forRootAsync(options: CoinflowAuthRootAsyncOptions): DynamicModule {
    return super.forRootAsync(options);
  }
}
