import { Inject, createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { misconfigured } from '../contexts/http-exception.js';
import { findDecision, type RequestDecision } from '../contexts/request-decision.js';
import { instanceToken } from '../options/tokens.js';
import type { CoinflowSession } from '../session/coinflow-session.js';

/**
 * Injects the `CoinflowAuthService` of a named instance, or of the unnamed instance when `name` is omitted.
 *
 * For the unnamed instance you can inject the class instead, unless one process has two copies of the package (an ESM and a
 * CommonJS one). Each copy has its own class, but both use the same injection token.
 * @example
 * constructor(@InjectCoinflowAuth('eu') private readonly coinflow: CoinflowAuthService) {}
 */
export function InjectCoinflowAuth(name?: string): PropertyDecorator & ParameterDecorator {
  return Inject(instanceToken('service', name));
}

/** Injects the `CoinflowWebhooks` of a named instance, or of the unnamed instance when `name` is omitted. */
export function InjectCoinflowWebhooks(name?: string): PropertyDecorator & ParameterDecorator {
  return Inject(instanceToken('webhooks', name));
}

/**
 * Injects the `CoinflowApi` of a named instance, or of the unnamed instance when `name` is omitted.
 * @example
 * constructor(@InjectCoinflowApi('eu') private readonly api: CoinflowApi) {}
 */
export function InjectCoinflowApi(name?: string): PropertyDecorator & ParameterDecorator {
  return Inject(instanceToken('api', name));
}

/** The metadata key of parameter types, which TypeScript emits before it applies the parameter decorators. */
const PARAMETER_TYPES = 'design:paramtypes';

const SessionOfRequest = createParamDecorator(
  (property: keyof CoinflowSession | undefined, context: ExecutionContext) => {
    const { session } = decisionFor(context, '@CurrentSession()');
    return property ? session?.[property] : session;
  },
);

/** Of `@SessionUser()`. The check at startup finds the parameters by it. */
export const userOfRequest = async (property: string | undefined, context: ExecutionContext): Promise<unknown> => {
  const decision = decisionFor(context, '@SessionUser()');
  if (!decision.session) return undefined;
  const user = await decision.guard.loadUser(context, decision, decision.session);
  return property === undefined ? user : (user as Record<string, unknown>)[property];
};

const UserOfRequest = createParamDecorator(userOfRequest);

/** @throws {@link CoinflowMisconfiguredError} when no guard has run, so that a missing guard does not look like an anonymous request */
function decisionFor(context: ExecutionContext, decorator: string): RequestDecision {
  const decision = findDecision(context);
  if (decision) return decision;
  throw misconfigured(
    `${context.getClass().name}.${context.getHandler().name} uses ${decorator}, but no CoinflowAuthGuard has run for it`,
    {
      reason: 'unguarded',
      action: 'Add @CoinflowAuth() or @CoinflowOptional() to the route, or register the guard as APP_GUARD.',
    },
  );
}

/**
 * Injects the session of the request, or one property of it; `undefined` for an anonymous request under
 * `@CoinflowOptional()`.
 * @throws {@link CoinflowMisconfiguredError} when no guard has run, so that a missing guard does not look like an anonymous request
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

/** What a function for the option `loadUser` finds. */
export type UserOf<LoadUser extends (session: CoinflowSession) => unknown> = NonNullable<Awaited<ReturnType<LoadUser>>>;

/**
 * Injects the application's own user, which the option `loadUser` returns, or one property of it; `undefined` for an anonymous
 * request under `@CoinflowOptional()`. The user is loaded once for a request. Routes without this decorator load no user.
 *
 * TypeScript cannot check the type of a decorated parameter: use {@link UserOf} of your function.
 * @throws {@link CoinflowUserNotFoundError} 403 when `loadUser` returns no user
 * @throws {@link CoinflowMisconfiguredError} when no guard has run
 * @example
 * me(@SessionUser() user: UserOf<typeof loadUser>) {}
 * mail(@SessionUser<User>('email') email: string) {}
 */
export const SessionUser =
  <User extends object = Record<string, unknown>>(property?: keyof User & string): ParameterDecorator =>
  (target, method, index) => {
    UserOfRequest(property)(target, method, index);
    if (method !== undefined) hideType(target, method, index);
  };

/**
 * Changes the emitted type of the parameter to `Object`. Otherwise a `ValidationPipe` with `validateCustomDecorators` would
 * replace the session by a new `CoinflowSession` without its session key.
 */
function hideType(target: object, method: string | symbol, index: number): void {
  const types = Reflect.getOwnMetadata(PARAMETER_TYPES, target, method) as unknown[] | undefined;
  if (types) Reflect.defineMetadata(PARAMETER_TYPES, types.with(index, Object), target, method);
}
