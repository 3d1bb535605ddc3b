import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { Observable } from 'rxjs';
import { CoinflowAuthGuard } from '../coinflow-auth.guard.js';
import type { CoinflowAuthenticator } from '../coinflow-authenticator.js';
import type { AsyncSessions } from '../contexts/async-sessions.js';
import { findDecision } from '../contexts/request-decision.js';
import { readRoute } from '../options/route-policy.js';
import { messageHandlersOf, routesOf, setInterceptor } from '../util/nest-metadata.js';

type AuthenticatorOf = (instance: string | undefined) => CoinflowAuthenticator;

/**
 * Runs a handler with its session for `currentSession()`. An interceptor does it rather than the guard: what a guard enters is lost
 * when an earlier guard was asynchronous.
 */
class SessionContextInterceptor implements NestInterceptor {
  readonly #authenticatorOf: AuthenticatorOf;
  /** By handler and controller. */
  readonly #known = new WeakMap<object, Map<object, AsyncSessions | undefined>>();

  constructor(authenticatorOf: AuthenticatorOf) {
    this.#authenticatorOf = authenticatorOf;
  }

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const decision = findDecision(context);
    const sessions = decision && this.#sessionsOf(context);
    if (!sessions) return next.handle();
    return new Observable((subscriber) => sessions.run(decision.session, () => next.handle().subscribe(subscriber)));
  }

  /** `undefined` if the instance of the handler has no `asyncContext`. */
  #sessionsOf(context: ExecutionContext): AsyncSessions | undefined {
    const handler = context.getHandler();
    const controller = context.getClass();
    let known = this.#known.get(handler);
    if (!known) this.#known.set(handler, (known = new Map<object, AsyncSessions | undefined>()));
    if (!known.has(controller)) {
      const { policy } = readRoute(handler, controller, CoinflowAuthGuard);
      known.set(controller, this.#authenticatorOf(policy.instance).asyncSessions);
    }
    return known.get(controller);
  }
}

/** Lets `currentSession()` return the session of the request, below every handler of the application. */
export function runHandlersWithSessions(modules: ModulesContainer, authenticatorOf: AuthenticatorOf): void {
  const interceptor = new SessionContextInterceptor(authenticatorOf);
  for (const { method } of [...routesOf(modules), ...messageHandlersOf(modules)])
    setInterceptor(method.method, interceptor);
}
