import {
  ConfigurableModuleBuilder,
  Inject,
  Module,
  type ConfigurableModuleAsyncOptions,
  type DynamicModule,
  type FactoryProvider,
  type OnModuleInit,
  type Provider,
  type Type,
} from '@nestjs/common';
import {
  APP_FILTER,
  ApplicationConfig,
  DiscoveryModule,
  DiscoveryService,
  HttpAdapterHost,
  ModuleRef,
  ModulesContainer,
} from '@nestjs/core';
import { ApiCaller } from './api/api-caller.js';
import { CoinflowApi } from './api/coinflow-api.js';
import { CoinflowAuthService } from './coinflow-auth.service.js';
import { CoinflowAuthenticator } from './coinflow-authenticator.js';
import { CoinflowAuthExceptionFilter } from './contexts/exception.filter.js';
import { describeInstance, registeredInstances } from './contexts/instances.js';
import { addEnhancers } from './decorators/handler-enhancers.js';
import { assertContexts, assertRoutePolicies, assertUserLoaders } from './decorators/route-policy-check.js';
import { CoinflowMisconfiguredError } from './errors/coinflow-auth.errors.js';
import type { CoinflowAuthModuleOptions } from './options/coinflow-auth-options.js';
import { resolveOptions, type ResolvedCoinflowAuthOptions } from './options/resolve-options.js';
import {
  COINFLOW_AUTH_CONTEXTS,
  COINFLOW_AUTH_MODULE_OPTIONS,
  COINFLOW_AUTH_OPTIONS,
  COINFLOW_AUTH_FACTORY,
  COINFLOW_ROUTE_AUDIT,
  instanceToken,
  type InstanceProvider,
} from './options/tokens.js';
import { RouteAudit } from './route-audit/route-audit.js';
import { EventHandlers } from './webhooks/event-handlers.js';
import { CoinflowWebhooks } from './webhooks/coinflow-webhooks.js';

/**
 * Options that Nest needs while it builds the module, before the other options are resolved.
 *
 * @inline
 */
export interface CoinflowAuthModuleExtras {
  /**
   * Whether every module can inject the service and use the guard without importing this module.
   * @default true
   */
  isGlobal?: boolean;
  /**
   * The name of this instance, for applications with several merchants or environments. `@InjectCoinflowAuth(name)` and
   * `@CoinflowAuth({ instance: name })` refer to it. Instances share nothing: each one verifies session keys for itself.
   * @default the unnamed instance, which `CoinflowAuthService` and routes without `instance` use
   */
  name?: string;
}

/** The options of `CoinflowAuthModule.forRoot()`. */
export type CoinflowAuthRootOptions = CoinflowAuthModuleOptions & CoinflowAuthModuleExtras;

/** Creates the options, for `forRootAsync({ useClass })` and `forRootAsync({ useExisting })`. */
export interface CoinflowAuthOptionsFactory {
  createCoinflowAuthOptions(): CoinflowAuthModuleOptions | Promise<CoinflowAuthModuleOptions>;
}

type Contexts = CoinflowAuthModuleOptions['contexts'];

/** The options of `CoinflowAuthModule.forRootAsync()`. */
export type CoinflowAuthRootAsyncOptions = ConfigurableModuleAsyncOptions<
  CoinflowAuthModuleOptions,
  'createCoinflowAuthOptions'
> &
  CoinflowAuthModuleExtras & {
    /**
     * As the option of that name. It is code rather than configuration, so put it here: `overrideCoinflowAuth()` then knows it,
     * although it does not create the other options.
     */
    contexts?: Contexts;
  };

const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<CoinflowAuthModuleOptions>({
  optionsInjectionToken: COINFLOW_AUTH_MODULE_OPTIONS,
})
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createCoinflowAuthOptions')
  .setExtras<CoinflowAuthModuleExtras>(
    { isGlobal: undefined, name: undefined },
    (definition, { isGlobal = true, name, ...options }: CoinflowAuthModuleExtras & { contexts?: Contexts }) => ({
      ...definition,
      global: isGlobal,
      providers: [
        ...(definition.providers ?? []),
        { provide: COINFLOW_AUTH_CONTEXTS, useValue: options.contexts },
        ...serviceProviders(name),
        ...webhookProviders(name),
        ...apiProviders(name),
      ],
      exports: [
        instanceToken('service', name),
        instanceToken('webhooks', name),
        instanceToken('api', name),
        ...(name === undefined ? [CoinflowAuthService, CoinflowWebhooks, CoinflowApi] : []),
      ],
    }),
  )
  .build();

/** Creates the providers of an instance. `overrideCoinflowAuth()` replaces it. */
const factory = {
  createAuthenticator: (options: ResolvedCoinflowAuthOptions, name?: string) =>
    new CoinflowAuthenticator(options, name),
  createService: (authenticator: CoinflowAuthenticator) => new CoinflowAuthService(authenticator),
  createApi: (authenticator: CoinflowAuthenticator) => new CoinflowApi(new ApiCaller(authenticator)),
};

/*
 * What happens at startup and shutdown, in order:
 *
 * 1. While the classes load: `@CoinflowAuth()` and `@OnCoinflowEvent()` reject an invalid policy or filter.
 * 2. While Nest creates the providers: `resolveOptions()` validates the options of each instance. The constructor of
 *    `CoinflowAuthModule` rejects two instances with the same name, and adds its filter and its interceptors to handlers.
 *    `CoinflowAuthService` logs a warning without seal keys.
 * 3. `onModuleInit`: `CoinflowAuthModule` rejects handlers that lost their guard, and contradictory policies, and audits the routes.
 *    `CoinflowAuthGuard` checks that the module is registered. `CoinflowWebhookGuard` checks that every webhook route has
 *    an instance with a key and answers 200. `CoinflowWebhooks` finds the event handlers and rejects unusable ones.
 * 4. `onApplicationBootstrap`: `CoinflowAuthenticator` waits until the revocations of the shared store are read, 30 s at
 *    most. `CoinflowAuthService` registers its metrics with OpenTelemetry. `CoinflowWebhooks` opens its delivery store
 *    without waiting.
 * 5. `beforeApplicationShutdown`: `CoinflowWebhooks` answers new deliveries with 503 and waits for those that run.
 * 6. `onApplicationShutdown`: `CoinflowAuthenticator` closes its connections and the shared store, `CoinflowWebhooks` its
 *    delivery store, `CoinflowApi` its connections.
 *
 * Any error in steps 1 to 3 prevents the start. `forRoot()` and `forRootAsync()` themselves check nothing, so that both
 * report invalid options in the same way.
 */

/**
 * Authenticates Coinflow's session keys, receives Coinflow's webhooks, and calls the rest of Coinflow's API. Import it once, at the root module; with names,
 * import it once for each instance.
 * @example
 * CoinflowAuthModule.forRoot({ env: 'sandbox', apiKey: process.env.COINFLOW_API_KEY!, merchantId: 'my-merchant' })
 * @example
 * CoinflowAuthModule.forRootAsync(coinflowAuthConfig.asProvider()) // from 'nestjs-coinflow-auth/config'
 */
@Module({
  imports: [DiscoveryModule],
  providers: [
    {
      provide: COINFLOW_AUTH_OPTIONS,
      inject: [COINFLOW_AUTH_MODULE_OPTIONS, COINFLOW_AUTH_CONTEXTS],
      useFactory: (options: CoinflowAuthModuleOptions, contexts: Contexts) =>
        resolveOptions(contexts === undefined ? options : { ...options, contexts }),
    },
    { provide: COINFLOW_AUTH_FACTORY, useValue: factory },
    {
      provide: COINFLOW_ROUTE_AUDIT,
      inject: [COINFLOW_AUTH_OPTIONS, ModulesContainer, ApplicationConfig, HttpAdapterHost, ModuleRef],
      useFactory: (
        { routeAudit }: ResolvedCoinflowAuthOptions,
        modules: ModulesContainer,
        config: ApplicationConfig,
        host: HttpAdapterHost,
        moduleRef: ModuleRef,
      ) => new RouteAudit(routeAudit, modules, config, host, moduleRef),
    },
    { provide: APP_FILTER, useClass: CoinflowAuthExceptionFilter },
  ],
})
export class CoinflowAuthModule extends ConfigurableModuleClass implements OnModuleInit {
  readonly #modules: ModulesContainer;
  readonly #moduleRef: ModuleRef;

  /** @throws {@link CoinflowMisconfiguredError} when two modules register instances with the same name */
  constructor(
    modules: ModulesContainer,
    moduleRef: ModuleRef,
    @Inject(COINFLOW_AUTH_OPTIONS) { asyncContext }: ResolvedCoinflowAuthOptions,
  ) {
    super();
    this.#modules = modules;
    this.#moduleRef = moduleRef;
    assertNamesAreUnique(modules);
    addEnhancers(modules, asyncContext, (name) => this.#getAuthenticator(name));
  }

  /**
   * @throws {@link CoinflowMisconfiguredError} that names each handler that lost its guard or has a contradictory policy, or a decorated
   * handler in a context that the guard does not know, or with `routeAudit: 'strict'` an unguarded handler
   */
  onModuleInit(): void {
    const names = registeredInstances(this.#modules);
    const authenticatorOf = (name: string | undefined): CoinflowAuthenticator | undefined =>
      names.includes(name) ? this.#getAuthenticator(name) : undefined;
    const contextsOf = (name: string | undefined): CoinflowAuthenticator['contexts'] | undefined =>
      authenticatorOf(name)?.contexts;
    assertRoutePolicies(this.#modules, contextsOf);
    assertContexts(this.#modules, contextsOf);
    assertUserLoaders(this.#modules, (name) => authenticatorOf(name)?.users);
    this.#moduleRef.get<RouteAudit>(COINFLOW_ROUTE_AUDIT).run();
  }

  #getAuthenticator(name: string | undefined): CoinflowAuthenticator {
    return this.#moduleRef.get(instanceToken('authenticator', name), { strict: false });
  }

  /**
   * Registers the module with options that are known when the module loads.
   * @throws {@link CoinflowMisconfiguredError} at startup, naming every invalid option
   */
  static override forRoot(options: CoinflowAuthRootOptions): DynamicModule {
    return super.forRoot(options);
  }

  /**
   * Registers the module with injected or asynchronous options: `{ imports, inject, useFactory | useClass | useExisting }`.
   * @throws {@link CoinflowMisconfiguredError} at startup, naming every invalid option
   */
  static override forRootAsync(options: CoinflowAuthRootAsyncOptions): DynamicModule {
    return super.forRootAsync(options);
  }
}

/** The guard uses the authenticator, and the application the service. */
function serviceProviders(name: string | undefined): Provider[] {
  const authenticator = {
    provide: instanceToken('authenticator', name),
    inject: [COINFLOW_AUTH_OPTIONS, COINFLOW_AUTH_FACTORY],
    useFactory: (options: ResolvedCoinflowAuthOptions, { createAuthenticator }: typeof factory) =>
      createAuthenticator(options, name),
  };
  const service = instanceProviders('service', CoinflowAuthService, name, {
    inject: [instanceToken('authenticator', name), COINFLOW_AUTH_FACTORY],
    useFactory: (created: CoinflowAuthenticator, { createService }: typeof factory) => createService(created),
  });
  return [authenticator, ...service];
}

function apiProviders(name: string | undefined): Provider[] {
  return instanceProviders('api', CoinflowApi, name, {
    inject: [instanceToken('authenticator', name), COINFLOW_AUTH_FACTORY],
    useFactory: (authenticator: CoinflowAuthenticator, { createApi }: typeof factory) => createApi(authenticator),
  });
}

function webhookProviders(name: string | undefined): Provider[] {
  return instanceProviders('webhooks', CoinflowWebhooks, name, {
    inject: [COINFLOW_AUTH_OPTIONS, DiscoveryService, ModulesContainer],
    useFactory: (options: ResolvedCoinflowAuthOptions, discovery: DiscoveryService, modules: ModulesContainer) =>
      new CoinflowWebhooks(options, name, () => {
        return new EventHandlers(discovery, name, () => new Set(registeredInstances(modules)));
      }),
  });
}

/**
 * Of the unnamed instance the class is the provider, and the token is an alias, so that
 * `overrideProvider(CoinflowAuthService)` replaces the service for everything that injects either.
 */
function instanceProviders<T>(
  provider: InstanceProvider,
  type: Type<T>,
  name: string | undefined,
  factory: Pick<FactoryProvider<T>, 'inject' | 'useFactory'>,
): Provider[] {
  const token = instanceToken(provider, name);
  if (name !== undefined) return [{ provide: token, ...factory }];
  return [
    { provide: type, ...factory },
    { provide: token, useExisting: type },
  ];
}

/** With two instances of one name, the order of the imports would decide which one a route uses. */
function assertNamesAreUnique(modules: ModulesContainer): void {
  const names = registeredInstances(modules);
  names.forEach((name, index) => {
    if (names.indexOf(name) === index) return;
    const importers = Array.from(modules.values(), ({ metatype }) => metatype).filter((one) => imports(one, name));
    const importedBy = importers.map((one) => one.name).join(' and by ') || 'modules that are created at run time';
    throw new CoinflowMisconfiguredError(
      `CoinflowAuthModule is registered twice ${describeInstance(name)}: by ${importedBy}`,
      {
        reason: 'registered-twice',
        action: 'Register it once, at the root, or give each instance its own name.',
      },
    );
  });
}

/** Whether the `@Module()` of a class imports the instance. Nest's own list also contains every global module. */
function imports(metatype: object, name: string | undefined): boolean {
  const token = instanceToken('service', name);
  const imported = (Reflect.getMetadata('imports', metatype) ?? []) as Partial<DynamicModule>[];
  return imported.some(({ providers = [] }) => providers.some((one) => 'provide' in one && one.provide === token));
}
