import {
  HttpCode,
  UseGuards,
  UseInterceptors,
  applyDecorators,
  createParamDecorator,
  type ExecutionContext,
  type PipeTransform,
  type Type,
} from '@nestjs/common';
import { misconfigured, toHttpException } from '../contexts/http-exception.js';
import { COINFLOW_EVENT_HANDLER_METADATA } from '../options/tokens.js';
import { readOwnMethodMetadata, writeMethodMetadata } from '../util/nest-metadata.js';
import { AcknowledgeWebhookInterceptor } from '../webhooks/acknowledge-webhook.interceptor.js';
import type { CoinflowEventType } from '../webhooks/event-types.js';
import type { CoinflowWebhookEvent } from '../webhooks/webhook-event.js';
import { filterProblem, type CoinflowEventFilter } from '../webhooks/event-handlers.js';
import { CoinflowWebhookGuard, attachedWebhook, writeWebhookRoute } from '../webhooks/webhook.guard.js';
import { CoinflowPublic } from './access.decorators.js';
import { documentWebhook } from './openapi.js';

/**
 * The options of `@CoinflowWebhook()`.
 *
 * @inline
 */
export interface CoinflowWebhookRouteOptions {
  /**
   * The name of the instance of `CoinflowAuthModule` that verifies the webhook and runs its event handlers.
   * @default the unnamed instance
   */
  instance?: string;
}

/**
 * Makes a `POST` route receive Coinflow's webhooks. It verifies the signature and acknowledges duplicates without running
 * them again. It never runs one delivery twice at the same time.
 *
 * The methods under `@OnCoinflowEvent()` run first, then the route. When all succeed, the answer is 200. After any other
 * answer Coinflow sends the event again.
 *
 * The application must keep raw bodies: `NestFactory.create(AppModule, { rawBody: true })`. The route is public for
 * `CoinflowAuthGuard`.
 * @example
 * @Post('webhooks/coinflow')
 * @CoinflowWebhook()
 * receive(): void {}
 */
export function CoinflowWebhook({ instance }: CoinflowWebhookRouteOptions = {}): MethodDecorator {
  return applyDecorators(
    (prototype: object, name: string | symbol, { value }: { value?: unknown }) => {
      writeWebhookRoute({ prototype, name, method: value as object }, instance);
      documentWebhook(value as object);
    },
    CoinflowPublic(),
    HttpCode(200),
    UseGuards(CoinflowWebhookGuard),
    UseInterceptors(AcknowledgeWebhookInterceptor),
  );
}

/** Injects the `CoinflowWebhookEvent` of a webhook route, parsed from the bytes that were verified. */
export const CoinflowEvent: (...pipes: (PipeTransform | Type<PipeTransform>)[]) => ParameterDecorator =
  createParamDecorator((_: undefined, context: ExecutionContext): CoinflowWebhookEvent => {
    const webhook =
      context.getType<string>() === 'http' && attachedWebhook(context.switchToHttp().getRequest<object>());
    if (webhook) return webhook.event;
    const where = `${context.getClass().name}.${context.getHandler().name}`;
    throw toHttpException(
      misconfigured(`${where} uses @CoinflowEvent(), but no guard has verified a webhook`, {
        reason: 'webhook-unguarded',
        action: 'Add @CoinflowWebhook() to the route.',
      }),
    );
  });

/** Decorates a method that takes the event as its first argument. */
type HandlerDecorator<Type extends CoinflowEventType> = <Method extends (event: CoinflowWebhookEvent<Type>) => unknown>(
  target: object,
  name: string | symbol,
  descriptor: TypedPropertyDescriptor<Method>,
) => void;

/**
 * Makes a method of a provider or a controller handle events: events of the given types, or events that match a filter.
 * Without arguments it handles all events, also those of undocumented types. Several decorators on one method add up.
 *
 * The delivery waits for the promise of the method. When the method throws, Coinflow sends the event again, and all handlers
 * of the event run again. So make handlers that move money idempotent by fields of `event.data`; docs/reference/webhook-events.md names them
 * for every type.
 * @throws `TypeError` while the class loads, when the filter is invalid
 * @example
 * @OnCoinflowEvent('Settled')
 * async credit({ data }: CoinflowWebhookEvent<'Settled'>): Promise<void> {}
 *
 * @OnCoinflowEvent({ category: 'Subscription' })
 * @OnCoinflowEvent()
 */
export function OnCoinflowEvent<const Type extends CoinflowEventType>(
  ...types: readonly [Type, ...Type[]]
): HandlerDecorator<Type>;
export function OnCoinflowEvent<const Type extends CoinflowEventType = string>(
  filter?: CoinflowEventFilter<Type>,
): HandlerDecorator<Type>;
export function OnCoinflowEvent(...given: readonly (string | CoinflowEventFilter | undefined)[]): MethodDecorator {
  const [first] = given;
  const filter = typeof first === 'string' ? { types: given as readonly string[] } : { ...first };
  const problem = filterProblem(filter);
  if (problem) throw new TypeError(`@OnCoinflowEvent(): ${problem}`);
  return (prototype, name, { value }: { value?: unknown }) => {
    const method = { prototype, name, method: value as object };
    const others = readOwnMethodMetadata<CoinflowEventFilter[]>(COINFLOW_EVENT_HANDLER_METADATA, method) ?? [];
    writeMethodMetadata(COINFLOW_EVENT_HANDLER_METADATA, [...others, filter], method);
  };
}
