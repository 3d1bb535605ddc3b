import {
  Inject,
  Injectable,
  Optional,
  type CanActivate,
  type ExecutionContext,
  type OnModuleInit,
} from '@nestjs/common';
import { CoinflowAuthService } from './coinflow-auth.service.js';
import { httpContext, type CoinflowHttpContext } from './contexts/http-context.js';
import { toHttpException, writeErrorHeaders } from './contexts/http-exception.js';
import { readDecision, writeDecision } from './contexts/request-decision.js';
import {
  CoinflowMisconfiguredError,
  CoinflowSessionKeyMissingError,
  isCoinflowAuthError,
} from './errors/coinflow-auth.errors.js';
import type { RequestWithHeaders } from './extraction/session-key-header.js';
import { readRoute, type CoinflowRoute } from './options/route-metadata.js';
import { COINFLOW_AUTH_SERVICE } from './options/tokens.js';
import type { CoinflowSession } from './session/coinflow-session.js';

/**
 * Lets a request in if it carries a session key that is proven to be this merchant's.
 *
 * `@UseGuards(CoinflowAuthGuard)` or `@CoinflowAuth()` on a route or controller, or once for all as `APP_GUARD`; both at
 * once decide once. It throws the context's own exception (an `HttpException` with the reason as its `cause`), so that a
 * catch-all filter keeps the status.
 *
 * What memory knows is decided synchronously. Each step is a protected method, to be overridden.
 */
@Injectable()
export class CoinflowAuthGuard implements CanActivate, OnModuleInit {
  readonly #routes = new WeakMap<object, WeakMap<object, CoinflowRoute>>();

  // Optional so that a unit test can compile a guarded controller by itself; an application does not start without it.
  constructor(@Optional() @Inject(COINFLOW_AUTH_SERVICE) protected readonly coinflow: CoinflowAuthService) {}

  /** @throws {CoinflowMisconfiguredError} when the application starts without `CoinflowAuthModule` */
  onModuleInit(): void {
    if (this.coinflow) return;
    throw new CoinflowMisconfiguredError('A route uses CoinflowAuthGuard, but CoinflowAuthModule is not there', {
      reason: 'module-missing',
      action:
        'Import CoinflowAuthModule.forRoot() or .forRootAsync() at the root, and keep it global or import it here, too.',
    });
  }

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const route = this.getRoute(context);
    if (route.access === 'public') return true;
    const http = this.getHttpContext(context);
    if (this.isDecided(context, http)) return true;
    try {
      const key = this.extractSessionKey(http.request);
      if (key === undefined) return this.admitWithoutSession(context, http, route);
      const session = this.coinflow.authenticate(key, route.policy);
      if (!(session instanceof Promise)) return this.admit(context, http, session);
      return session
        .then((proven) => this.admit(context, http, proven))
        .catch((error: unknown) => this.refuse(error, http));
    } catch (error) {
      return this.refuse(error, http);
    }
  }

  /** What the route asks for. The same at every request, so it is read once. */
  protected getRoute(context: ExecutionContext): CoinflowRoute {
    const handler = context.getHandler();
    const controller = context.getClass();
    let routes = this.#routes.get(controller);
    if (!routes) this.#routes.set(controller, (routes = new WeakMap()));
    let route = routes.get(handler);
    if (!route) routes.set(handler, (route = readRoute(handler, controller)));
    return route;
  }

  /** @throws {HttpException} in a context that is not HTTP */
  protected getHttpContext(context: ExecutionContext): CoinflowHttpContext {
    try {
      return httpContext(context);
    } catch (error) {
      throw isCoinflowAuthError(error) ? toHttpException(error) : error;
    }
  }

  /** Whether a guard has decided about this request and handler already. */
  protected isDecided(context: ExecutionContext, { request }: CoinflowHttpContext): boolean {
    const decision = readDecision(request);
    return decision?.handler === context.getHandler() && decision.controller === context.getClass();
  }

  /** The one session key that the request carries. */
  protected extractSessionKey(request: RequestWithHeaders): string | undefined {
    return this.coinflow.extractSessionKey(request);
  }

  /** Anonymous: only where the route says so. */
  protected admitWithoutSession(
    context: ExecutionContext,
    http: CoinflowHttpContext,
    { access }: CoinflowRoute,
  ): boolean {
    if (access !== 'optional') throw new CoinflowSessionKeyMissingError();
    return this.admit(context, http, undefined);
  }

  /** Attaches the session to the request, where `@CurrentSession()` finds it. */
  protected admit(
    context: ExecutionContext,
    { request }: CoinflowHttpContext,
    session: CoinflowSession | undefined,
  ): true {
    writeDecision(request, { handler: context.getHandler(), controller: context.getClass(), session });
    return true;
  }

  /** Gives an error of this package its HTTP form; anything else is a defect and leaves as it is. */
  protected refuse(error: unknown, { response }: CoinflowHttpContext): never {
    if (!isCoinflowAuthError(error)) throw error;
    writeErrorHeaders(response, error);
    throw toHttpException(error);
  }
}
