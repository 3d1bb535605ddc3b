import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { httpContext } from '../contexts/http-context.js';
import { misconfigured } from '../contexts/http-exception.js';
import { readDecision } from '../contexts/request-decision.js';
import type { CoinflowSession } from '../session/coinflow-session.js';

/** What TypeScript emits under `emitDecoratorMetadata`, before it applies the decorators of parameters. */
const PARAMETER_TYPES = 'design:paramtypes';

const SessionOfRequest = createParamDecorator(
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

/**
 * The session of the request, or one property of it; `undefined` for an anonymous request under `@CoinflowOptional()`.
 * @throws {CoinflowMisconfiguredError} where no guard decided: a forgotten guard must not look like an anonymous request
 * @example
 * me(@CurrentSession() session: CoinflowSession) {}
 * mine(@CurrentSession('subject') subject: CoinflowSubject) {}
 */
export const CurrentSession =
  (property?: keyof CoinflowSession): ParameterDecorator =>
  (target, method, index) => {
    SessionOfRequest(property)(target, method, index);
    if (method !== undefined) hideType(target, method, index);
  };

/**
 * A `ValidationPipe` that validates custom decorators would make a new instance of the parameter's class from the session.
 * Only this one has the session key, and needs no validation: for the pipe the parameter is any object.
 */
function hideType(target: object, method: string | symbol, index: number): void {
  const types = Reflect.getOwnMetadata(PARAMETER_TYPES, target, method) as unknown[] | undefined;
  if (types) Reflect.defineMetadata(PARAMETER_TYPES, types.with(index, Object), target, method);
}
