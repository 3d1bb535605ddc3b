import type { ModulesContainer } from '@nestjs/core';
import { CoinflowAuthGuard } from '../coinflow-auth.guard.js';
import { loaderMissing, type SessionUsers } from '../contexts/session-users.js';
import { skippedContext, unknownContext } from '../contexts/context-errors.js';
import { CoinflowMisconfiguredError } from '../errors/coinflow-auth.errors.js';
import { policyProblem, readRoute } from '../options/route-policy.js';
import { COINFLOW_AUTH_METADATA, COINFLOW_WEBHOOK_ROUTE_METADATA } from '../options/tokens.js';
import { lossOfPolicy, type ContextsOf } from '../route-audit/policy-loss.js';
import {
  isBound,
  isFieldResolver,
  lossOfMetadata,
  messageHandlersOf,
  parameterFactoriesOf,
  routesOf,
  runsGuardsOfFieldResolvers,
  type ApplicationHandler,
} from '../util/nest-metadata.js';
import { userOfRequest } from './inject.decorators.js';

const METADATA = [COINFLOW_AUTH_METADATA, COINFLOW_WEBHOOK_ROUTE_METADATA];

/**
 * Checks, at startup, that every handler of the complete application still has its guard and its policy: those of routes,
 * gateways, microservices and GraphQL.
 * @throws {@link CoinflowMisconfiguredError} when a handler has lost its guard, or when its merged policy contradicts itself
 */
export function assertRoutePolicies(modules: ModulesContainer, contextsOf: ContextsOf): void {
  const handlers = [...routesOf(modules), ...messageHandlersOf(modules).filter(isBound)];
  // The guard and the policy belong to the function that the decorators saw, not to one that replaces it later.
  const replaced = handlers.filter(({ method }) => METADATA.some((key) => lossOfMetadata(key, method) === 'replaced'));
  reject(
    replaced.map(({ name }) => `${name} was replaced after it was decorated, and has lost its guard and policy`),
    {
      reason: 'method-replaced',
      action:
        'Put the decorator that replaces the method below those of nestjs-coinflow-auth, or make it copy the metadata of the method.',
    },
  );
  const overrides = handlers.filter((handler) => lossOfPolicy(handler, contextsOf) === 'overridden');
  reject(
    overrides.map(({ name }) => `${name} overrides a decorated handler without its guard and policy`),
    {
      reason: 'override-undecorated',
      action:
        'Put @CoinflowAuth(), @CoinflowOptional(), @CoinflowPublic() or @CoinflowWebhook() on the override as well.',
    },
  );
  reject(handlers.flatMap(contradictionOf), {
    reason: 'policy-contradiction',
    action: 'Correct the policy of the handler, of its class, or of a class that this class extends.',
  });
}

/**
 * Checks, at startup, that the guard can authenticate every decorated handler of a gateway, a microservice or GraphQL.
 * @throws {@link CoinflowMisconfiguredError} for a decorated handler in a context that is skipped or unknown, or a field resolver whose
 * guards do not run
 */
export function assertContexts(modules: ModulesContainer, contextsOf: ContextsOf): void {
  const handlers = messageHandlersOf(modules).flatMap((handler) => {
    const { access, isDecorated, policy } = readRoute(handler.method.method, handler.controller, CoinflowAuthGuard);
    const contexts = access === 'public' || !isDecorated ? undefined : contextsOf(policy.instance);
    return contexts ? [{ ...handler, context: contexts.get(handler.type) }] : [];
  });
  for (const [context, newError] of [[undefined, unknownContext] as const, ['skip', skippedContext] as const]) {
    const wrong = handlers.filter((handler) => handler.context === context);
    const [first] = wrong;
    if (first)
      throw newError(
        wrong.filter(({ type }) => type === first.type).map(({ name }) => name),
        first.type,
      );
  }
  const unguarded = runsGuardsOfFieldResolvers(modules) ? [] : handlers.filter(isFieldResolver);
  reject(
    unguarded.map(({ name }) => `${name} is a field resolver, and GraphQLModule runs no guards for field resolvers`),
    {
      reason: 'field-resolver-unguarded',
      action:
        "Set fieldResolverEnhancers: ['guards'] in the options of GraphQLModule. Or mark the field resolver @CoinflowPublic(), if the resolver of its parent is protected.",
    },
  );
}

/**
 * Checks, at startup, that users can be loaded for every handler with `@SessionUser()`.
 * @param usersOf the users of an instance; `undefined` if there is no such instance
 * @throws {@link CoinflowMisconfiguredError} that names the handlers whose instance has no `loadUser`
 */
export function assertUserLoaders(
  modules: ModulesContainer,
  usersOf: (instance: string | undefined) => SessionUsers | undefined,
): void {
  const handlers = [...routesOf(modules), ...messageHandlersOf(modules)].filter(
    ({ controller, method: { name, method } }) =>
      parameterFactoriesOf(controller, name).includes(userOfRequest) &&
      usersOf(readRoute(method, controller, CoinflowAuthGuard).policy.instance)?.canLoad === false,
  );
  const names = [...new Set(handlers.map(({ name }) => name))];
  if (names.length > 0)
    throw loaderMissing(`${names.join(', ')} ${names.length === 1 ? 'uses' : 'use'} @SessionUser()`);
}

function contradictionOf({ name, controller, method }: ApplicationHandler): string[] {
  const { access, policy } = readRoute(method.method, controller, CoinflowAuthGuard);
  const problem = access === 'public' ? undefined : policyProblem(policy);
  return problem === undefined ? [] : [`The policy of ${name} contradicts itself: ${problem}`];
}

/** Throws one error for all problems of a kind. A controller in two modules is named once. */
function reject(problems: readonly string[], details: { reason: string; action: string }): void {
  if (problems.length > 0) throw new CoinflowMisconfiguredError([...new Set(problems)].join('. '), details);
}
