import type { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { CoinflowAuthGuard } from '../coinflow-auth.guard.js';
import { readRoute, type CoinflowAccess, type CoinflowRoutePolicy } from '../options/route-policy.js';
import { httpRoutesOf, messageRoutesOf, type HandlerKind } from '../util/handler-routes.js';
import {
  hasGuard,
  isBound,
  isFieldResolver,
  messageHandlersOf,
  routesOf,
  runsGuardsOfFieldResolvers,
  type ApplicationHandler,
} from '../util/nest-metadata.js';
import { CoinflowWebhookGuard } from '../webhooks/webhook.guard.js';
import { everyMicroserviceHas, hasGlobalGuard } from './global-guards.js';
import { lossOfPolicy, type ContextsOf } from './policy-loss.js';

/** A route of an application: of a controller, a resolver, a gateway or a message handler. */
export interface CoinflowRouteDescription {
  /** The class and the method, for example `MeController.me`. */
  readonly handler: string;
  readonly kind: HandlerKind;
  /** What the handler handles: `GET /me`, a name in the GraphQL schema such as `Me.balance`, or a message. */
  readonly route: string;
  /**
   * What a request needs: `required`, `optional` and `public` are the access of the decorators. `webhook` needs a signature of
   * Coinflow. No guard of this package checks anything for `unguarded`, nor for `skipped` in a context that the option
   * `contexts` skips.
   */
  readonly access: CoinflowAccess | 'webhook' | 'skipped' | 'unguarded';
  /** The requirements for the session; empty where no session is required. */
  readonly policy: CoinflowRoutePolicy;
  /** Why the route audit lists the handler; `undefined` if it does not. */
  readonly problem: string | undefined;
}

/** What decides whether a handler is guarded. */
export interface DescribedApplication {
  readonly modules: ModulesContainer;
  readonly config: ApplicationConfig;
  /** Whether the application serves HTTP. Without it, its global guards are those of its microservice. */
  readonly isHttp: boolean;
  readonly contextsOf: ContextsOf;
}

type Guarding = Pick<CoinflowRouteDescription, 'access' | 'policy' | 'problem'>;

const NO_GUARD = 'no guard, and no @CoinflowPublic()';
const LOST = {
  replaced: 'the method was replaced after it was decorated, and has lost its guard and policy',
  overridden: 'overrides a decorated handler without its guard and policy',
};

/** The handlers of an application and what guards each: routes first, in the order of the modules. */
export function describeHandlers(app: DescribedApplication): CoinflowRouteDescription[] {
  const { modules, config } = app;
  const obstacleOf = obstaclesOf(app);
  const describe = (handler: ApplicationHandler, kind: HandlerKind, route: string): CoinflowRouteDescription => ({
    handler: handler.name,
    kind,
    route,
    ...guardingOf(handler, app, obstacleOf),
  });
  const routes = routesOf(modules).flatMap((route) =>
    httpRoutesOf(route, config, modules.applicationId).map((text) => describe(route, 'http', text)),
  );
  const messages = messageHandlersOf(modules)
    .filter(isBound)
    .flatMap((handler) => messageRoutesOf(handler).map(({ kind, route }) => describe(handler, kind, route)));
  const all = [...routes, ...messages].map((one): [string, CoinflowRouteDescription] => [JSON.stringify(one), one]);
  // A class that two modules have is described once.
  return [...new Map(all).values()];
}

function guardingOf(
  handler: ApplicationHandler,
  { contextsOf }: DescribedApplication,
  obstacleOf: (handler: ApplicationHandler) => string | undefined,
): Guarding {
  const { controller, method, type } = handler;
  const { access, policy, isDecorated } = readRoute(method.method, controller, CoinflowAuthGuard);
  if (type === 'http' && [controller, method.method].some((one) => hasGuard(one, CoinflowWebhookGuard)))
    return { access: 'webhook', policy: {}, problem: undefined };
  const lost = lossOfPolicy(handler, contextsOf);
  const obstacle = isDecorated ? undefined : obstacleOf(handler);
  const problem = lost ? LOST[lost] : obstacle;
  if (!lost && access === 'public') return { access, policy: {}, problem: undefined };
  if (!lost && !isDecorated && contextsOf(policy.instance)?.get(type) === 'skip')
    return { access: 'skipped', policy: {}, problem: `the option contexts skips "${type}"` };
  return obstacle === undefined ? { access, policy, problem } : { access: 'unguarded', policy: {}, problem };
}

/** @returns why no global guard authenticates the handlers; `undefined` if one does */
function obstaclesOf({
  modules,
  config,
  isHttp,
}: DescribedApplication): (handler: ApplicationHandler) => string | undefined {
  const hasGlobal = hasGlobalGuard(config, CoinflowAuthGuard);
  const reachesFields = runsGuardsOfFieldResolvers(modules);
  const reachesMessages = !isHttp || everyMicroserviceHas(modules, CoinflowAuthGuard);
  return (handler) => {
    if (!hasGlobal) return NO_GUARD;
    if (handler.type === 'ws') return 'an APP_GUARD does not reach gateways before NestJS 12';
    if (handler.type === 'rpc' && !reachesMessages) return 'an APP_GUARD reaches it only with inheritAppConfig: true';
    if (handler.type === 'graphql' && !reachesFields && isFieldResolver(handler))
      return "an APP_GUARD reaches it only with fieldResolverEnhancers: ['guards']";
    return undefined;
  };
}
