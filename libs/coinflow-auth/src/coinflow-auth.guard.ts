import { Inject, Injectable, type CanActivate, type ExecutionContext, type OnModuleInit } from '@nestjs/common';
import { ModuleRef, ModulesContainer } from '@nestjs/core';
import type { CoinflowAuthService } from './coinflow-auth.service.js';
import { appendVary, httpContext, type CoinflowHttpContext } from './contexts/http-context.js';
import { getFromInstance, moduleMissing, registeredInstances } from './contexts/instances.js';
import { misconfigured, toHttpException, writeErrorHeaders } from './contexts/http-exception.js';
import { readDecision, writeDecision } from './contexts/request-decision.js';
import { CoinflowSessionKeyMissingError, isCoinflowAuthError } from './errors/coinflow-auth.errors.js';
import type { AuthenticationScheme, RequestWithHeaders } from './extraction/session-key-extractor.js';
import { isUnexpectedPromise } from './util/promises.js';
import { readRoute, type CoinflowRoute } from './options/route-policy.js';
import type { CoinflowSession } from './session/coinflow-session.js';
import { assertSubjectAllowed } from './session/subject.js';
import { newTrace } from './verification/decision-trace.js';

const USED_OF_SERVICE = [
  'decisions',
  'authenticate',
  'extractSessionKey',
  'schemes',
  'vary',
] as const satisfies readonly (keyof CoinflowAuthService)[];

/**
 * Lets a request in if it carries a session key that is proven to be this merchant's.
 *
 * `@UseGuards(CoinflowAuthGuard)` or `@CoinflowAuth()` on a route or controller, or once for all as `APP_GUARD`; both at
 * once decide once. On a handler or a class it means that a session is required, unless the same handler or class has
 * `@CoinflowOptional()` or `@CoinflowPublic()`.
 *
 * It throws the context's own exception (an `HttpException` with the reason as its `cause`), so that a catch-all filter
 * keeps the status.
 *
 * What memory knows is decided synchronously. Each step is a protected method, to be overridden.
 */
@Injectable()
export class CoinflowAuthGuard implements CanActivate, OnModuleInit {
  readonly #routes = new WeakMap<object, WeakMap<object, CoinflowRoute>>();

  readonly #services = new Map<string | undefined, CoinflowAuthService>();

  constructor(
    @Inject(ModuleRef) private readonly moduleRef: ModuleRef,
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
  ) {}

  /**
   * Checked when the application starts, so that a unit test can compile a guarded controller by itself.
   * @throws {CoinflowMisconfiguredError} when the application starts without `CoinflowAuthModule`
   */
  onModuleInit(): void {
    if (registeredInstances(this.modules).length > 0) return;
    throw moduleMissing('A route uses CoinflowAuthGuard, but CoinflowAuthModule is not registered');
  }

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const route = this.getRoute(context);
    if (route.access === 'public') return true;
    const http = this.getHttpContext(context);
    if (this.isDecided(context, http)) return true;
    const trace = newTrace();
    let coinflow: CoinflowAuthService | undefined;
    const admit = (session: CoinflowSession | undefined): true => {
      if (session) this.#checkSubject(session, route);
      const admitted = this.admit(context, http, session);
      coinflow?.decisions.accepted(trace.decidedBy, session, route.name);
      return admitted;
    };
    const refuse = (error: unknown): never => {
      if (isCoinflowAuthError(error)) coinflow?.decisions.rejected(trace.decidedBy, error, route.name);
      return this.refuse(error, http, coinflow?.schemes);
    };
    try {
      coinflow = this.getService(route);
      appendVary(http.response, coinflow.vary);
      const key = this.extractSessionKey(http.request, coinflow);
      if (key === undefined) return admit(this.withoutSession(route));
      const session = coinflow.authenticate(key, route.policy, trace, http.request);
      return session instanceof Promise ? session.then(admit).catch(refuse) : admit(session);
    } catch (error) {
      return refuse(error);
    }
  }

  /** What the route asks for. The same at every request, so it is read once. */
  protected getRoute(context: ExecutionContext): CoinflowRoute {
    const handler = context.getHandler();
    const controller = context.getClass();
    let routes = this.#routes.get(controller);
    if (!routes) this.#routes.set(controller, (routes = new WeakMap()));
    let route = routes.get(handler);
    if (!route) routes.set(handler, (route = readRoute(handler, controller, CoinflowAuthGuard)));
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

  /**
   * Whether a guard of this class, or of a subclass of it, has decided about this request and handler already. A subclass
   * decides also after `CoinflowAuthGuard` itself, which has not run its steps.
   */
  protected isDecided(context: ExecutionContext, { request }: CoinflowHttpContext): boolean {
    return readDecision(request, context)?.guard instanceof this.constructor;
  }

  /**
   * The service of the instance that the route names.
   * @throws {CoinflowMisconfiguredError} when no such instance is registered, or the service lacks what the guard uses of it
   */
  protected getService({ name, policy: { instance } }: CoinflowRoute): CoinflowAuthService {
    let service = this.#services.get(instance);
    if (service) return service;
    service = getFromInstance<CoinflowAuthService>(this.moduleRef, 'service', instance, name);
    assertComplete(service);
    this.#services.set(instance, service);
    return service;
  }

  /** The one session key that the request carries. */
  protected extractSessionKey(request: RequestWithHeaders, coinflow: CoinflowAuthService): string | undefined {
    return coinflow.extractSessionKey(request);
  }

  /** Anonymous: only where the route says so. */
  protected withoutSession({ access }: CoinflowRoute): undefined {
    if (access !== 'optional') throw new CoinflowSessionKeyMissingError();
  }

  /** Proven is not enough where the route is for some users only. */
  protected assertSubjectAllowed({ subject }: CoinflowSession, { policy }: CoinflowRoute): void {
    assertSubjectAllowed(subject, policy);
  }

  /** TypeScript takes an async override for one that returns nothing. Not awaited, it would let every request pass. */
  #checkSubject(session: CoinflowSession, route: CoinflowRoute): void {
    const answer: unknown = this.assertSubjectAllowed(session, route);
    if (!isUnexpectedPromise(answer)) return;
    throw misconfigured(`assertSubjectAllowed() of ${this.constructor.name} returns a promise`, {
      reason: 'guard-async',
      action: 'Make it synchronous, or override canActivate() for what is asynchronous.',
    });
  }

  /** Attaches the session to the request, where `@CurrentSession()` finds it. */
  protected admit(
    context: ExecutionContext,
    { request }: CoinflowHttpContext,
    session: CoinflowSession | undefined,
  ): true {
    writeDecision(request, { handler: context.getHandler(), controller: context.getClass(), guard: this, session });
    return true;
  }

  /** Gives an error of this package its HTTP form; anything else is a defect and leaves as it is. */
  protected refuse(
    error: unknown,
    { response }: CoinflowHttpContext,
    schemes?: readonly AuthenticationScheme[],
  ): never {
    if (!isCoinflowAuthError(error)) throw error;
    writeErrorHeaders(response, error, schemes);
    throw toHttpException(error);
  }
}

/** A fake of the service has often only the methods that a controller calls. */
function assertComplete(service: CoinflowAuthService): void {
  const lacking = USED_OF_SERVICE.filter(
    (name) => (Object(service) as Partial<CoinflowAuthService>)[name] === undefined,
  );
  if (lacking.length === 0) return;
  throw misconfigured(`The CoinflowAuthService that CoinflowAuthGuard has found lacks ${lacking.join(', ')}`, {
    reason: 'service-incomplete',
    action:
      'Use overrideCoinflowAuth() of nestjs-coinflow-auth/testing, or replace single methods of the real service.',
  });
}
