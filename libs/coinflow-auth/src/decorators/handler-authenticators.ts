import type { ExecutionContext } from '@nestjs/common';
import { CoinflowAuthGuard } from '../coinflow-auth.guard.js';
import type { CoinflowAuthenticator } from '../coinflow-authenticator.js';
import { readRoute } from '../options/route-policy.js';

/** Finds the authenticators of handlers: each handler's policy names the instance. */
export class HandlerAuthenticators {
  readonly #getAuthenticator: (instance: string | undefined) => CoinflowAuthenticator;
  /** By handler and controller, since a controller can inherit the handler of another. */
  readonly #known = new WeakMap<object, Map<object, CoinflowAuthenticator>>();

  constructor(getAuthenticator: (instance: string | undefined) => CoinflowAuthenticator) {
    this.#getAuthenticator = getAuthenticator;
  }

  of(context: ExecutionContext): CoinflowAuthenticator {
    const handler = context.getHandler();
    const controller = context.getClass();
    let known = this.#known.get(handler);
    if (!known) this.#known.set(handler, (known = new Map<object, CoinflowAuthenticator>()));
    let authenticator = known.get(controller);
    if (!authenticator) {
      const { policy } = readRoute(handler, controller, CoinflowAuthGuard);
      known.set(controller, (authenticator = this.#getAuthenticator(policy.instance)));
    }
    return authenticator;
  }
}
