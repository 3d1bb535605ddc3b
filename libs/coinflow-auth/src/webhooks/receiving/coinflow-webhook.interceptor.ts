import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { from, lastValueFrom, type Observable } from 'rxjs';
import {
  misconfigured,
  toHttpException,
  writeErrorHeaders,
  type ResponseWithHeaders,
} from '../../contexts/http-exception.js';
import { isCoinflowAuthError } from '../../errors/coinflow-auth.errors.js';
import { HandlerFailure } from './handler-failure.js';
import { readWebhook, writeWebhook } from './webhook-request.js';
import { identityOf } from './webhook-route.js';

/** Runs the handlers of an event and then the route, unless the event has succeeded before. Part of `@CoinflowWebhook()`. */
@Injectable()
export class CoinflowWebhookInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return from(this.#deliver(context, next));
  }

  async #deliver(context: ExecutionContext, next: CallHandler): Promise<unknown> {
    const http = context.switchToHttp();
    const request = http.getRequest<object>();
    const received = readWebhook(request);
    if (!received) {
      throw toHttpException(
        misconfigured(`${context.getClass().name}.${context.getHandler().name} is reached past CoinflowWebhookGuard`, {
          reason: 'guard-missing',
          action: 'Use @CoinflowWebhook(), which has the guard and the interceptor.',
        }),
      );
    }
    if (!received.isAccepted) return undefined;
    try {
      const outcome = await received.webhooks.deliver(received, {
        identity: identityOf(context),
        run: (running) => {
          writeWebhook(request, { ...received, event: running });
          return lastValueFrom(next.handle() as Observable<unknown>, { defaultValue: undefined });
        },
      });
      return outcome.repeated ? undefined : outcome.value;
    } catch (error) {
      if (error instanceof HandlerFailure) throw error.toHttpException();
      if (!isCoinflowAuthError(error)) throw error;
      writeErrorHeaders(http.getResponse<ResponseWithHeaders>(), error);
      throw toHttpException(error);
    }
  }
}
