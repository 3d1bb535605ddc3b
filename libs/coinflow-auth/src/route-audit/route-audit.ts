import { Logger, type INestApplicationContext } from '@nestjs/common';
import type { ApplicationConfig, HttpAdapterHost, ModuleRef, ModulesContainer } from '@nestjs/core';
import type { CoinflowAuthenticator } from '../coinflow-authenticator.js';
import { moduleMissing, registeredInstances } from '../contexts/instances.js';
import { CoinflowMisconfiguredError } from '../errors/coinflow-auth.errors.js';
import { ROUTE_AUDITS, type RouteAuditMode } from '../options/option-rules.js';
import { COINFLOW_ROUTE_AUDIT, instanceToken } from '../options/tokens.js';
import { describeHandlers, type CoinflowRouteDescription } from './describe-handlers.js';
import { mayHaveMicroservice, observeMicroservices } from './global-guards.js';
import { routeTable } from './route-table.js';

const ACTION =
  'Guard each of them with @CoinflowAuth() or @CoinflowOptional(), or mark it @CoinflowPublic() if it is public on purpose.';

/** The applications that were audited, so that several instances of the module list their routes once. */
const audited = new WeakSet<ModulesContainer>();

/** Lists the handlers of an application that no guard of this package covers. */
export class RouteAudit {
  readonly #logger = new Logger('CoinflowAuth');

  /** @param mode the option `routeAudit` of this instance */
  constructor(
    mode: RouteAuditMode,
    private readonly modules: ModulesContainer,
    private readonly config: ApplicationConfig,
    private readonly adapterHost: HttpAdapterHost,
    private readonly moduleRef: ModuleRef,
  ) {
    // An application connects its microservices before `onModuleInit`.
    if (mode !== 'off') observeMicroservices(modules, config);
  }

  describe(): CoinflowRouteDescription[] {
    const names = registeredInstances(this.modules);
    return describeHandlers({
      modules: this.modules,
      config: this.config,
      isHttp: this.#isHttp(),
      contextsOf: (name) => (names.includes(name) ? this.#getAuthenticator(name).contexts : undefined),
    });
  }

  /**
   * Audits the application once. Of several instances, the strictest option applies. Nest has registered the routes with their
   * guards before `onModuleInit`, so what is added later guards none of them.
   * @throws {@link CoinflowMisconfiguredError} with `strict`, if a handler is unguarded
   */
  run(): void {
    const modes = registeredInstances(this.modules).map((name) => this.#getAuthenticator(name).options.routeAudit);
    const mode = ROUTE_AUDITS.findLast((one) => modes.includes(one)) ?? 'off';
    // Without a server, such as in a script, nothing is reachable, and `main.ts` has added no global guards.
    const isServed = this.#isHttp() || mayHaveMicroservice(this.modules);
    if (mode === 'off' || !isServed || audited.has(this.modules)) return;
    audited.add(this.modules);
    this.#report(mode);
  }

  #report(mode: RouteAuditMode): void {
    const listed = this.describe().filter(({ problem }) => problem !== undefined);
    const skipped = listed.filter(({ access }) => access === 'skipped');
    const unguarded = listed.filter(({ access }) => access !== 'skipped');
    if (skipped.length > 0) this.#logger.log(`The route audit does not check these handlers:\n${routeTable(skipped)}`);
    if (unguarded.length === 0) return;
    const message = `No guard of nestjs-coinflow-auth covers these handlers:\n${routeTable(unguarded)}`;
    if (mode === 'strict')
      throw new CoinflowMisconfiguredError(message, { reason: 'routes-unguarded', action: ACTION });
    this.#logger.warn(`${message}\n${ACTION}`);
  }

  #isHttp(): boolean {
    return Boolean(this.adapterHost.httpAdapter);
  }

  #getAuthenticator(name: string | undefined): CoinflowAuthenticator {
    return this.moduleRef.get(instanceToken('authenticator', name), { strict: false });
  }
}

/**
 * Describes every route of an application: of controllers, resolvers, gateways and message handlers. Print it, or keep it as a
 * snapshot, so that a change of a route's access or policy is noticed. The application need not listen. With
 * `routeAudit: 'off'`, a message handler under an `APP_GUARD` in an application that also serves HTTP is `unguarded`.
 * @throws {@link CoinflowMisconfiguredError} when the application has no `CoinflowAuthModule`
 * @example
 * console.table(describeRoutes(app));
 * expect(describeRoutes(app)).toMatchSnapshot();
 */
export function describeRoutes(app: INestApplicationContext): CoinflowRouteDescription[] {
  let audit: RouteAudit;
  try {
    audit = app.get<RouteAudit>(COINFLOW_ROUTE_AUDIT, { strict: false });
  } catch {
    throw moduleMissing('describeRoutes() needs CoinflowAuthModule, which is not registered');
  }
  return audit.describe();
}
