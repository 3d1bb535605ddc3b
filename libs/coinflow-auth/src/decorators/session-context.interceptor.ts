import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { Observable } from 'rxjs';
import { findDecision } from '../contexts/request-decision.js';
import type { HandlerAuthenticators } from './handler-authenticators.js';

/**
 * Runs a handler with its session for `currentSession()`, also below the handler. An interceptor does it rather than the guard:
 * what a guard enters is lost when an earlier guard was asynchronous.
 */
export class SessionContextInterceptor implements NestInterceptor {
  readonly #authenticators: HandlerAuthenticators;

  constructor(authenticators: HandlerAuthenticators) {
    this.#authenticators = authenticators;
  }

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const decision = findDecision(context);
    // Without an `asyncContext` of the handler's instance there are no sessions.
    const sessions = decision && this.#authenticators.of(context).asyncSessions;
    if (!sessions) return next.handle();
    return new Observable((subscriber) => sessions.run(decision.session, () => next.handle().subscribe(subscriber)));
  }
}
