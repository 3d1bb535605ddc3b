import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { Observable, takeUntil } from 'rxjs';
import { CoinflowAuthGuard } from '../coinflow-auth.guard.js';
import type { CoinflowAuthenticator } from '../coinflow-authenticator.js';
import { findDecision } from '../contexts/request-decision.js';
import { readRoute } from '../options/route-policy.js';
import { isEventStream, routesOf, setInterceptor } from '../util/nest-metadata.js';

type AuthenticatorOf = (instance: string | undefined) => CoinflowAuthenticator;

/** Completes the stream of an `@Sse()` handler when the session of its request ends. */
class SessionStreamInterceptor implements NestInterceptor {
  readonly #authenticatorOf: AuthenticatorOf;

  constructor(authenticatorOf: AuthenticatorOf) {
    this.#authenticatorOf = authenticatorOf;
  }

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const session = findDecision(context)?.session;
    if (!session) return next.handle();
    const { policy } = readRoute(context.getHandler(), context.getClass(), CoinflowAuthGuard);
    const { watcher } = this.#authenticatorOf(policy.instance).sessions;
    const ended = new Observable((subscriber) => watcher.watch(session, (reason) => subscriber.next(reason)));
    return next.handle().pipe(takeUntil(ended));
  }
}

/**
 * Lets every `@Sse()` handler of the application end with the session of its request. Only these handlers get the interceptor,
 * so that other routes take no longer.
 */
export function endStreamsWithSessions(modules: ModulesContainer, authenticatorOf: AuthenticatorOf): void {
  const interceptor = new SessionStreamInterceptor(authenticatorOf);
  for (const { method } of routesOf(modules))
    if (isEventStream(method.method)) setInterceptor(method.method, interceptor);
}
