import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { from, lastValueFrom, type Observable } from 'rxjs';
import { misconfigured, toHttpException, writeErrorHeaders } from '../contexts/http-exception.js';
import type { ResponseWithHeaders } from '../options/context-contracts.js';
import { isCoinflowAuthError, type CoinflowMisconfiguredError } from '../errors/coinflow-auth.errors.js';
import { HandlerFailure } from './event-handlers.js';
import { attachWebhook, attachedWebhook } from './webhook.guard.js';

/**
 * Acknowledges webhooks. It runs the handlers of an event and then the route, unless the delivery succeeded before. The
 * request gets a 200 when `#runAndAcknowledge` returns. When it throws, Coinflow sends the event again.
 *
 * Part of `@CoinflowWebhook()`. On a route with `CoinflowWebhookGuard` alone, Nest answers when the route returns, and the
 * guard acknowledges the events of merchants that the application does not accept.
 */
@Injectable()
export class AcknowledgeWebhookInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return from(this.#runAndAcknowledge(context, next));
  }

  async #runAndAcknowledge(context: ExecutionContext, next: CallHandler): Promise<unknown> {
    const http = context.switchToHttp();
    const request = http.getRequest<object>();
    const webhook = attachedWebhook(request);
    if (!webhook) throw toHttpException(guardMissing(context));
    // An event of another merchant that the application does not accept is acknowledged without running.
    if (!webhook.isMerchantAccepted) return undefined;
    try {
      const outcome = await webhook.webhooks.deliver(webhook, {
        identity: identityOf(context),
        run: (event) => {
          attachWebhook(request, { ...webhook, event });
          return lastValueFrom(next.handle() as Observable<unknown>, { defaultValue: undefined });
        },
      });
      return outcome.isDuplicate ? undefined : outcome.value;
    } catch (error) {
      if (error instanceof HandlerFailure) throw error.toHttpException();
      if (!isCoinflowAuthError(error)) throw error;
      writeErrorHeaders(http.getResponse<ResponseWithHeaders>(), error);
      throw toHttpException(error);
    }
  }
}

function guardMissing(context: ExecutionContext): CoinflowMisconfiguredError {
  return misconfigured(`${context.getClass().name}.${context.getHandler().name} runs without CoinflowWebhookGuard`, {
    reason: 'guard-missing',
    action: 'Use @CoinflowWebhook(), which includes the guard and the interceptor.',
  });
}

/** The properties of an Express or Fastify request that identify its route. */
interface RoutedRequest {
  readonly route?: { path?: unknown };
  readonly routeOptions?: { url?: unknown };
  readonly params?: unknown;
}

/**
 * Identifies a route by its class, method and path pattern, because several modules can mount one controller. The path
 * itself would not do: a sender can spell it in several ways.
 */
function identityOf(context: ExecutionContext): readonly unknown[] {
  const { route, routeOptions, params } = context.switchToHttp().getRequest<RoutedRequest>();
  return [context.getClass().name, context.getHandler().name, route?.path ?? routeOptions?.url, params];
}
