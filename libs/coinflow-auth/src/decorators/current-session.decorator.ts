import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { httpContext } from '../contexts/http-context.js';
import { misconfigured } from '../contexts/misconfiguration.js';
import { readDecision } from '../contexts/request-decision.js';
import type { CoinflowSession } from '../session/coinflow-session.js';

/**
 * The session of the request, or one property of it; `undefined` for an anonymous request under `@CoinflowOptional()`.
 * @throws {CoinflowMisconfiguredError} where no guard decided for this handler: a forgotten guard must not look like an anonymous request
 * @example
 * me(@CurrentSession() session: CoinflowSession) {}
 * mine(@CurrentSession('subject') subject: CoinflowSubject) {}
 */
export const CurrentSession: (property?: keyof CoinflowSession) => ParameterDecorator = createParamDecorator(
  (property: keyof CoinflowSession | undefined, context: ExecutionContext) => {
    const decision = readDecision(httpContext(context).request, context);
    if (!decision) {
      throw misconfigured(
        `${context.getClass().name}.${context.getHandler().name} uses @CurrentSession(), but no CoinflowAuthGuard decided about the request for it`,
        {
          reason: 'unguarded',
          action: 'Add @CoinflowAuth() or @CoinflowOptional() to the route, or the guard as APP_GUARD.',
        },
      );
    }
    return property ? decision.session?.[property] : decision.session;
  },
);
