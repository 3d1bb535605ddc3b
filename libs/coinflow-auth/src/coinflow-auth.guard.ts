import { Inject, Injectable, type CanActivate, type ExecutionContext, type OnModuleInit } from '@nestjs/common';
import { ModuleRef, ModulesContainer } from '@nestjs/core';
import { sessionKeyId } from './cache/cached-session.js';
import type { CoinflowAuthenticator } from './coinflow-authenticator.js';
import { skippedContext, unknownContext } from './contexts/context-errors.js';
import { appendVary } from './contexts/http-context.js';
import { misconfigured, toHttpException, writeErrorHeaders } from './contexts/http-exception.js';
import { getFromInstance, moduleMissing, registeredInstances } from './contexts/instances.js';
import { carrierOf, readDecision, writeDecision, type RequestDecision } from './contexts/request-decision.js';
import {
  CoinflowSessionKeyMissingError,
  CoinflowUserNotFoundError,
  isCoinflowAuthError,
} from './errors/coinflow-auth.errors.js';
import type { AuthenticationScheme, RequestWithHeaders } from './extraction/session-key-extractor.js';
import type { CoinflowContextAdapter, CoinflowContextRequest } from './options/context-contracts.js';
import { readRoute, type CoinflowRoute } from './options/route-policy.js';
import type { CoinflowSession } from './session/coinflow-session.js';
import { assertSubjectAllowed } from './session/subject.js';
import { isUnexpectedPromise } from './util/promises.js';
import type { CoinflowDecidedBy } from './verification/verification-result.js';

/** The session of a request, or what was thrown; neither for an anonymous request. */
interface Authentication {
  readonly decidedBy: CoinflowDecidedBy;
  readonly session?: CoinflowSession | undefined;
  readonly error?: unknown;
}

/** One call of a guarded handler. */
interface GuardedCall {
  readonly context: ExecutionContext;
  readonly adapter: CoinflowContextAdapter;
  readonly found: CoinflowContextRequest;
  readonly route: CoinflowRoute;
  readonly authenticator: CoinflowAuthenticator;
}

const ANONYMOUS: Authentication = { decidedBy: 'request' };

/**
 * Authenticates requests by the session key that they carry, and rejects those without a valid one.
 *
 * Use it as `@CoinflowAuth()` or `@UseGuards(CoinflowAuthGuard)` on a handler or controller, or as `APP_GUARD` for all routes.
 * If several of these apply to a handler, the first one decides. On a handler or controller the guard requires a session,
 * unless the same handler or controller has `@CoinflowOptional()` or `@CoinflowPublic()`.
 *
 * To reject a request, it throws the exception of the context. Over HTTP that is an `HttpException` whose `cause` is the error of
 * this package, so that a catch-all filter keeps the status. A request whose key is cached is decided synchronously.
 *
 * Each step is a protected method that a subclass can override. All of them but `canActivate()` must be synchronous.
 */
@Injectable()
export class CoinflowAuthGuard implements CanActivate, OnModuleInit {
  /** The routes of each handler: one for each controller that has or inherits it. */
  readonly #routes = new WeakMap<object, { readonly controller: object; readonly route: CoinflowRoute }[]>();

  readonly #authenticators = new Map<string | undefined, CoinflowAuthenticator>();

  constructor(
    @Inject(ModuleRef) private readonly moduleRef: ModuleRef,
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
  ) {}

  /**
   * Checks that the module is there. That is not done in the constructor, so that a unit test can compile a guarded controller
   * without the module.
   * @throws {@link CoinflowMisconfiguredError} when the application starts without `CoinflowAuthModule`
   */
  onModuleInit(): void {
    if (registeredInstances(this.modules).length > 0) return;
    throw moduleMissing('A route uses CoinflowAuthGuard, but CoinflowAuthModule is not registered');
  }

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const route = this.getRoute(context);
    if (route.access === 'public') return true;
    let authenticator: CoinflowAuthenticator;
    let adapter: CoinflowContextAdapter | undefined;
    let found: CoinflowContextRequest;
    try {
      authenticator = this.#getAuthenticator(route);
      adapter = this.#adapterFor(context, route, authenticator);
      if (!adapter) return true;
      found = this.findRequest(context, adapter);
      assertFound(found, context);
    } catch (error) {
      if (!isCoinflowAuthError(error)) throw error;
      throw adapter ? adapter.toException(error, context) : toHttpException(error);
    }
    // Not merely truthy: a promise of an async override must not let the request through.
    if (this.isDecided(context, found) === true) return true;
    const call: GuardedCall = { context, adapter, found, route, authenticator };
    const result = this.#authenticate(call);
    if (result instanceof Promise) return result.then((late) => this.#conclude(call, late));
    return this.#conclude(call, result);
  }

  /**
   * The application's user of a session, from the option `loadUser`. `@SessionUser()` calls it, for any number of parameters and
   * handlers of a request; the user is loaded once.
   */
  async loadUser(context: ExecutionContext, decision: RequestDecision, session: CoinflowSession): Promise<unknown> {
    const { users, contexts } = this.#getAuthenticator(this.getRoute(context));
    try {
      return await users.load(decision.request ?? decision, session);
    } catch (error) {
      // What the application throws is its own, even if it is an error of this package.
      if (!(error instanceof CoinflowUserNotFoundError)) throw error;
      const adapter = contexts.get(context.getType());
      throw adapter && adapter !== 'skip' ? adapter.toException(error, context) : error;
    }
  }

  /** The access and the policy of the route. They are read once for each handler and controller. */
  protected getRoute(context: ExecutionContext): CoinflowRoute {
    const handler = context.getHandler();
    const controller = context.getClass();
    let routes = this.#routes.get(handler);
    if (!routes) this.#routes.set(handler, (routes = []));
    for (const known of routes) if (known.controller === controller) return known.route;
    const route = readRoute(handler, controller, CoinflowAuthGuard);
    routes.push({ controller, route });
    return route;
  }

  /** Finds the request that the handler runs for. */
  protected findRequest(context: ExecutionContext, adapter: CoinflowContextAdapter): CoinflowContextRequest {
    return adapter.find(context);
  }

  /**
   * Whether a guard of this class, or of a subclass of it, has decided about this call of the handler already. It is false after
   * a guard of a base class, which has not run the steps of this class.
   */
  protected isDecided(context: ExecutionContext, found: CoinflowContextRequest): boolean {
    return readDecision(found, context)?.guard instanceof this.constructor;
  }

  /** The session key that the request carries; `undefined` if it carries none. */
  protected extractSessionKey(request: RequestWithHeaders, route: CoinflowRoute): string | undefined {
    return this.#getAuthenticator(route).extractSessionKey(request);
  }

  /** @throws {@link CoinflowSessionKeyMissingError} for a request without a session key, unless the route is optional */
  protected assertAnonymousAllowed({ access }: CoinflowRoute): void {
    if (access !== 'optional') throw new CoinflowSessionKeyMissingError();
  }

  /** @throws {@link CoinflowSubjectNotAllowedError} when the route's policy does not allow this kind of user or wallet */
  protected assertSubjectAllowed(session: CoinflowSession, { policy }: CoinflowRoute): void {
    assertSubjectAllowed(session, policy);
  }

  /** Attaches the session to the request, where `@CurrentSession()` finds it. `undefined` marks an anonymous request. */
  protected attachSession(
    context: ExecutionContext,
    found: CoinflowContextRequest,
    session: CoinflowSession | undefined,
  ): void {
    writeDecision(found, context, this, session);
  }

  /** Writes the headers of an error of this package, and throws it as the context's exception. Other errors are thrown as they are. */
  protected deny(
    error: unknown,
    { response }: CoinflowContextRequest,
    adapter: CoinflowContextAdapter,
    context: ExecutionContext,
    schemes?: readonly AuthenticationScheme[],
  ): never {
    if (!isCoinflowAuthError(error)) throw error;
    if (response) writeErrorHeaders(response, error, schemes);
    throw adapter.toException(error, context);
  }

  /** @returns `undefined` for a handler that the guard skips */
  #adapterFor(
    context: ExecutionContext,
    route: CoinflowRoute,
    { contexts }: CoinflowAuthenticator,
  ): CoinflowContextAdapter | undefined {
    const type = context.getType();
    const adapter = contexts.get(type);
    if (adapter === undefined) throw unknownContext([route.name], type);
    if (adapter !== 'skip') return adapter;
    if (route.isDecorated) throw skippedContext([route.name], type);
    return undefined;
  }

  #authenticate({ found, route, authenticator }: GuardedCall): Authentication | Promise<Authentication> {
    const { request, response, sessionKey } = found;
    try {
      if (response) appendVary(response, authenticator.vary);
      const key = sessionKey === undefined ? this.extractSessionKey(request, route) : sessionKey;
      if (key === undefined || key === '') {
        this.#assertSynchronous('assertAnonymousAllowed', this.assertAnonymousAllowed(route));
        return ANONYMOUS;
      }
      const result = found.isShared
        ? authenticator.shared.authenticate(carrierOf(found), key, route.policy.maxAgeMs ?? Infinity, () =>
            authenticator.authenticate(key, route.policy, request),
          )
        : authenticator.authenticate(key, route.policy, request);
      return result instanceof Promise ? result.catch(failed) : result;
    } catch (error) {
      return failed(error);
    }
  }

  /** Checks the policy, attaches the session and counts the decision. */
  #conclude(call: GuardedCall, { decidedBy, session, error }: Authentication): true {
    const { context, adapter, found, route, authenticator } = call;
    if (error !== undefined) return this.#reject(call, decidedBy, error);
    try {
      if (session) this.#assertSynchronous('assertSubjectAllowed', this.assertSubjectAllowed(session, route));
      this.#assertSynchronous('attachSession', this.attachSession(context, found, session));
    } catch (denied) {
      return this.#reject(call, decidedBy, denied);
    }
    if (isFirst(call)) authenticator.decisions.accepted(decidedBy, session, route.name);
    if (session && route.isSubscription) {
      const sessionId = `${authenticator.name ?? ''} ${sessionKeyId(session.key)}`;
      adapter.endWithSession?.(found, (callback) => authenticator.sessions.watcher.watch(session, callback), sessionId);
    }
    return true;
  }

  /** Counts the decision if the error is one of this package. An error of a subclass, or a defect, is only thrown. */
  #reject(call: GuardedCall, decidedBy: CoinflowDecidedBy, error: unknown): never {
    const { context, found, adapter, route, authenticator } = call;
    if (isCoinflowAuthError(error) && isFirst(call)) authenticator.decisions.rejected(decidedBy, error, route.name);
    return this.deny(error, found, adapter, context, authenticator.schemes);
  }

  #getAuthenticator({ name, policy: { instance } }: CoinflowRoute): CoinflowAuthenticator {
    let authenticator = this.#authenticators.get(instance);
    if (authenticator) return authenticator;
    authenticator = getFromInstance<CoinflowAuthenticator>(this.moduleRef, 'authenticator', instance, name);
    this.#authenticators.set(instance, authenticator);
    return authenticator;
  }

  /** TypeScript accepts an async override of a method that returns nothing. Its check would not be awaited. */
  #assertSynchronous(method: string, returned: unknown): void {
    if (!isUnexpectedPromise(returned)) return;
    throw misconfigured(`${method}() of ${this.constructor.name} returns a promise`, {
      reason: 'guard-async',
      action: 'Make it synchronous, or override canActivate() for what is asynchronous.',
    });
  }
}

/** An adapter can be JavaScript: what is no request must not pass as a request without a session key. */
function assertFound(found: CoinflowContextRequest, context: ExecutionContext): void {
  const { request } = Object(found) as Partial<CoinflowContextRequest>;
  if (typeof request?.headers === 'object') return;
  throw misconfigured(`find() of the option contexts.${context.getType()} returns no request with headers`, {
    reason: 'context-invalid',
    action: 'Let it return an object with a request that has headers, and make it synchronous.',
  });
}

/** Whether the decision about this call is to be counted: one for each request. */
function isFirst({ found, authenticator }: GuardedCall): boolean {
  return !found.isShared || authenticator.shared.countOnce(carrierOf(found));
}

function failed(error: unknown): Authentication {
  return { decidedBy: 'request', error };
}
