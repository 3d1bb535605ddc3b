import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { Observable, takeUntil } from 'rxjs';
import { findDecision } from '../contexts/request-decision.js';
import type { HandlerAuthenticators } from './handler-authenticators.js';

/** Completes the stream of an `@Sse()` handler when the session of its request ends. */
export class SessionStreamInterceptor implements NestInterceptor {
  readonly #authenticators: HandlerAuthenticators;

  constructor(authenticators: HandlerAuthenticators) {
    this.#authenticators = authenticators;
  }

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const session = findDecision(context)?.session;
    if (!session) return next.handle();
    const { watcher } = this.#authenticators.of(context).sessions;
    const ended = new Observable((subscriber) => watcher.watch(session, (reason) => subscriber.next(reason)));
    return next.handle().pipe(takeUntil(ended));
  }
}
