import {
  ConfigurableModuleBuilder,
  Module,
  type ConfigurableModuleAsyncOptions,
  type DynamicModule,
  type OnModuleInit,
  type Provider,
} from '@nestjs/common';
import { APP_FILTER, DiscoveryModule, ModulesContainer } from '@nestjs/core';
import { CoinflowAuthService } from './coinflow-auth.service.js';
import { CoinflowAuthExceptionFilter } from './contexts/exception.filter.js';
import { assertRoutes } from './decorators/route-validation.js';
import { CoinflowMisconfiguredError } from './errors/coinflow-auth.errors.js';
import type { CoinflowAuthModuleOptions } from './options/coinflow-auth-options.js';
import { resolveOptions, type ResolvedCoinflowAuthOptions } from './options/resolve-options.js';
import {
  COINFLOW_AUTH_MODULE_OPTIONS,
  COINFLOW_AUTH_OPTIONS,
  COINFLOW_AUTH_SERVICE_FACTORY,
  coinflowAuthServiceToken,
  isCoinflowAuthServiceToken,
} from './options/tokens.js';
import { coinflowWebhooksToken } from './options/webhook-tokens.js';
import { CoinflowWebhooks } from './webhooks/receiving/coinflow-webhooks.js';
import { webhookProviders } from './webhooks/webhook-providers.js';

/** What Nest must know before the options are there, for `forRoot` and `forRootAsync` alike. */
export interface CoinflowAuthModuleExtras {
  /**
   * Whether the service and the guard's needs are there for every module without importing this one.
   * @default true
   */
  isGlobal?: boolean;
  /**
   * The name of this instance, where an application has several merchants or environments: for `@InjectCoinflowAuth(name)`
   * and `@CoinflowAuth({ instance: name })`. Instances share nothing: a key proven for one says nothing to another.
   * @default the unnamed instance, which `CoinflowAuthService` and routes without `instance` mean
   */
  name?: string;
}

/** What `CoinflowAuthModule.forRoot()` takes. */
export type CoinflowAuthRootOptions = CoinflowAuthModuleOptions & CoinflowAuthModuleExtras;

/** Makes the options, for `forRootAsync({ useClass })` and `{ useExisting }`. */
export interface CoinflowAuthOptionsFactory {
  createCoinflowAuthOptions(): CoinflowAuthModuleOptions | Promise<CoinflowAuthModuleOptions>;
}

/** What `CoinflowAuthModule.forRootAsync()` takes. */
export type CoinflowAuthRootAsyncOptions = ConfigurableModuleAsyncOptions<
  CoinflowAuthModuleOptions,
  'createCoinflowAuthOptions'
> &
  CoinflowAuthModuleExtras;

const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<CoinflowAuthModuleOptions>({
  optionsInjectionToken: COINFLOW_AUTH_MODULE_OPTIONS,
})
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createCoinflowAuthOptions')
  .setExtras<CoinflowAuthModuleExtras>(
    { isGlobal: undefined, name: undefined },
    (definition, { isGlobal = true, name }) => ({
      ...definition,
      global: isGlobal,
      providers: [...(definition.providers ?? []), ...serviceProviders(name), ...webhookProviders(name)],
      exports: [
        coinflowAuthServiceToken(name),
        coinflowWebhooksToken(name),
        ...(name === undefined ? [CoinflowAuthService, CoinflowWebhooks] : []),
      ],
    }),
  )
  .build();

/**
 * Coinflow's session keys for a Nest application: import it once, at the root; with names, once for each instance.
 * @example
 * CoinflowAuthModule.forRoot({ env: 'sandbox', apiKey: process.env.COINFLOW_API_KEY!, merchantId: 'my-merchant' })
 * @example
 * CoinflowAuthModule.forRootAsync(coinflowAuthConfig.asProvider()) // from 'nestjs-coinflow-auth/config'
 */
@Module({
  imports: [DiscoveryModule],
  providers: [
    { provide: COINFLOW_AUTH_OPTIONS, useFactory: resolveOptions, inject: [COINFLOW_AUTH_MODULE_OPTIONS] },
    { provide: COINFLOW_AUTH_SERVICE_FACTORY, useValue: createService },
    { provide: APP_FILTER, useClass: CoinflowAuthExceptionFilter },
  ],
})
export class CoinflowAuthModule extends ConfigurableModuleClass implements OnModuleInit {
  readonly #modules: ModulesContainer;

  /** @throws {CoinflowMisconfiguredError} when two modules register instances of one name */
  constructor(modules: ModulesContainer) {
    super();
    this.#modules = modules;
    assertNamesAreUnique(modules);
  }

  /** @throws {CoinflowMisconfiguredError} naming each route whose decorators do not protect it as they say */
  onModuleInit(): void {
    assertRoutes(this.#modules);
  }

  /**
   * Registers the module with options that are at hand.
   * @throws {CoinflowMisconfiguredError} at boot, naming every mistake in the options
   */
  static override forRoot(options: CoinflowAuthRootOptions): DynamicModule {
    return super.forRoot(options);
  }

  /**
   * Registers the module with options from elsewhere: `{ imports, inject, useFactory | useClass | useExisting }`.
   * @throws {CoinflowMisconfiguredError} at boot, naming every mistake in the options
   */
  static override forRootAsync(options: CoinflowAuthRootAsyncOptions): DynamicModule {
    return super.forRootAsync(options);
  }
}

function createService(options: ResolvedCoinflowAuthOptions, name?: string): CoinflowAuthService {
  return new CoinflowAuthService(options, name);
}

/** The class is the provider and the token its alias, so that `overrideProvider(CoinflowAuthService)` reaches the guard. */
function serviceProviders(name: string | undefined): Provider[] {
  const token = coinflowAuthServiceToken(name);
  const service = {
    provide: name === undefined ? CoinflowAuthService : token,
    useFactory: (options: ResolvedCoinflowAuthOptions, create: typeof createService) => create(options, name),
    inject: [COINFLOW_AUTH_OPTIONS, COINFLOW_AUTH_SERVICE_FACTORY],
  };
  return name === undefined ? [service, { provide: token, useExisting: CoinflowAuthService }] : [service];
}

/** Of two instances of one name, which one a route gets would depend on the order of imports. */
function assertNamesAreUnique(modules: ModulesContainer): void {
  const registrations = new Map<symbol, number>();
  for (const { providers } of modules.values()) {
    const token = Array.from(providers.keys()).find(isCoinflowAuthServiceToken);
    if (token) registrations.set(token, (registrations.get(token) ?? 0) + 1);
  }
  for (const [token, count] of registrations) {
    if (count === 1) continue;
    const name = Symbol.keyFor(token)?.split(':')[2];
    const which = name === undefined ? 'without a name' : `with the name “${name}”`;
    const importers = Array.from(modules.values(), ({ metatype }) => metatype).filter((one) => imports(one, token));
    const whose = importers.map((one) => one.name).join(' and by ') || 'modules that are built at run time';
    throw new CoinflowMisconfiguredError(`CoinflowAuthModule is registered twice ${which}: by ${whose}`, {
      reason: 'registered-twice',
      action: 'Register it once, at the root, or give each instance a name of its own.',
    });
  }
}

/** Whether a module's own decorator imports the instance. Nest's list of imports has every global module. */
function imports(metatype: object, token: symbol): boolean {
  const imported = (Reflect.getMetadata('imports', metatype) ?? []) as Partial<DynamicModule>[];
  return imported.some(({ providers = [] }) => providers.some((one) => 'provide' in one && one.provide === token));
}
