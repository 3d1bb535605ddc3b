import { UseGuards, applyDecorators } from '@nestjs/common';
import { CoinflowAuthGuard } from '../coinflow-auth.guard.js';
import {
  addClassMetadata,
  addHandlerMetadata,
  policyProblem,
  type CoinflowRouteMetadata,
  type CoinflowRoutePolicy,
} from '../options/route-policy.js';
import { documentAccess } from './openapi.js';

/**
 * Protects a route, or all routes of a controller: a session of this merchant is required. Guard, policy and OpenAPI in one line.
 *
 * Policies merge: the handler's fields over those of the controller, these over those of the classes that it extends. An
 * application does not start with a merged policy that contradicts itself, or with a route that has lost its guard because
 * another decorator replaced the method.
 * @throws {TypeError} while the application loads, when the policy has an unknown field or an invalid value
 * @example
 * @CoinflowAuth()                 // the proof may be as old as the cache allows
 * @CoinflowAuth({ maxAgeMs: 0 })  // ask Coinflow every time: money moves
 * @CoinflowAuth({ subject: 'wallet', blockchains: ['solana'] })
 * @CoinflowAuth({ instance: 'eu' })
 */
export function CoinflowAuth(policy: CoinflowRoutePolicy = {}): ClassDecorator & MethodDecorator {
  const problem = policyProblem(policy);
  if (problem) throw new TypeError(`@CoinflowAuth(): ${problem}`);
  return applyDecorators(
    routeMetadata({ access: 'required', policy: { ...policy } }, '@CoinflowAuth()'),
    UseGuards(CoinflowAuthGuard),
  );
}

/**
 * Lets anonymous requests in beside those with a session. A session key that is given must still be good: a bad one is
 * refused, and one that cannot be checked now is answered 503, so that nobody is taken for a stranger by an outage.
 */
export function CoinflowOptional(): ClassDecorator & MethodDecorator {
  return applyDecorators(routeMetadata({ access: 'optional' }, '@CoinflowOptional()'), UseGuards(CoinflowAuthGuard));
}

/** No check at all, for routes under an `APP_GUARD` or in a protected controller. A session key is not even looked at. */
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
