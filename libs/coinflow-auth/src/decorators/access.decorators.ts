import { UseGuards, applyDecorators } from '@nestjs/common';
import { CoinflowAuthGuard } from '../coinflow-auth.guard.js';
import {
  addRouteMetadata,
  policyProblem,
  type CoinflowRouteMetadata,
  type CoinflowRoutePolicy,
} from '../options/route-metadata.js';
import { documentAccess } from './api-documentation.js';

/**
 * Protects a route, or all routes of a controller: a session of this merchant is required. Guard, policy and OpenAPI in one line.
 * @throws {TypeError} while the application loads, when the policy cannot be
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

function routeMetadata(metadata: Partial<CoinflowRouteMetadata>, name: string): ClassDecorator & MethodDecorator {
  return (target: object, _name?: string | symbol, descriptor?: { value?: unknown }) => {
    const handler = descriptor?.value as object | undefined;
    addRouteMetadata(handler ?? target, metadata, name);
    documentAccess(handler ?? target, handler !== undefined);
  };
}
