import { UseFilters, UseGuards, applyDecorators } from '@nestjs/common';
import { CoinflowAuthGuard } from '../coinflow-auth.guard.js';
import { DroppedEventFilter } from '../contexts/dropped-event.js';
import {
  addClassMetadata,
  addHandlerMetadata,
  policyProblem,
  type CoinflowRouteMetadata,
  type CoinflowRoutePolicy,
} from '../options/route-policy.js';
import { documentAccess } from './openapi.js';

/** The guard, and the filter that ends the events that it drops. Nest looks filters up only when something is thrown. */
const guarded = [UseGuards(CoinflowAuthGuard), UseFilters(new DroppedEventFilter())];

/**
 * Requires a session of this merchant on a route, or on all routes of a controller. It adds the guard, the policy and the
 * OpenAPI documentation.
 *
 * Policies merge field by field: the handler overrides the controller, and the controller overrides the classes that it
 * extends. The application does not start when the merged policy contradicts itself. It does not start either when a handler
 * lost its guard because another decorator replaced the method.
 * @throws `TypeError` while the class loads, when the policy has an unknown field or an invalid value
 * @example
 * @CoinflowAuth()                 // accepts verified sessions from the cache
 * @CoinflowAuth({ maxAgeMs: 0 })  // revalidates with Coinflow at every request, for example when money moves
 * @CoinflowAuth({ subject: 'wallet', blockchains: ['solana'] })
 * @CoinflowAuth({ instance: 'eu' })
 */
export function CoinflowAuth(policy: CoinflowRoutePolicy = {}): ClassDecorator & MethodDecorator {
  const problem = policyProblem(policy);
  if (problem) throw new TypeError(`@CoinflowAuth(): ${problem}`);
  return applyDecorators(routeMetadata({ access: 'required', policy: { ...policy } }, '@CoinflowAuth()'), ...guarded);
}

/**
 * Accepts requests without a session key as well. A session key that the request carries must be valid: an invalid one is
 * rejected with 401. While Coinflow is unavailable, a key that must be verified gets a 503, so that an outage never makes a
 * signed-in user anonymous.
 */
export function CoinflowOptional(): ClassDecorator & MethodDecorator {
  return applyDecorators(routeMetadata({ access: 'optional' }, '@CoinflowOptional()'), ...guarded);
}

/**
 * Disables the guard for a route under an `APP_GUARD` or in a protected controller. The guard does not read the session key.
 */
export function CoinflowPublic(): ClassDecorator & MethodDecorator {
  return routeMetadata({ access: 'public' }, '@CoinflowPublic()');
}

function routeMetadata(metadata: Partial<CoinflowRouteMetadata>, decorator: string): ClassDecorator & MethodDecorator {
  return (target: object, name?: string | symbol, descriptor?: { value?: unknown }) => {
    const method = descriptor?.value as object | undefined;
    if (name !== undefined && method) addHandlerMetadata({ prototype: target, name, method }, metadata, decorator);
    else addClassMetadata(target, metadata, decorator);
    documentAccess(method ?? target, method !== undefined);
  };
}
