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
import type { CoinflowEventType } from '../webhooks/events/event-types.js';
import type { CoinflowWebhookEvent } from '../webhooks/events/webhook-event.js';
import { filterProblem, type CoinflowEventFilter } from '../webhooks/handlers/event-filter.js';
import { CoinflowWebhookGuard } from '../webhooks/receiving/coinflow-webhook.guard.js';
import { CoinflowWebhookInterceptor } from '../webhooks/receiving/coinflow-webhook.interceptor.js';
import { readWebhook } from '../webhooks/receiving/webhook-request.js';
import { writeWebhookRoute } from '../webhooks/receiving/webhook-route.js';
import { CoinflowPublic } from './access.decorators.js';
import { documentWebhook } from './openapi.js';

/** What `@CoinflowWebhook()` can be told. */
export interface CoinflowWebhookRouteOptions {
  /**
   * The name of the instance of `CoinflowAuthModule` whose key verifies, and whose handlers run.
   * @default the unnamed one
   */
  instance?: string;
}

/**
 * Makes a `POST` route the one that receives Coinflow's webhooks: only what is proven gets in, a delivery that has succeeded
 * is acknowledged and does not run again, and none runs twice at a time. First the methods under `@OnCoinflowEvent()` run, then
 * the route; 200 says that all have succeeded, and anything else makes Coinflow send the event again.
 *
 * The application needs its raw body: `NestFactory.create(AppModule, { rawBody: true })`. `CoinflowAuthGuard` leaves the route
 * alone.
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
    UseInterceptors(CoinflowWebhookInterceptor),
  );
}

/** Gives a webhook route its event: a `CoinflowWebhookEvent`, read from the very bytes that were verified. */
export const CoinflowEvent: (...pipes: (PipeTransform | Type<PipeTransform>)[]) => ParameterDecorator =
  createParamDecorator((_: undefined, context: ExecutionContext): CoinflowWebhookEvent => {
    const received = context.getType<string>() === 'http' && readWebhook(context.switchToHttp().getRequest<object>());
    if (received) return received.event;
    const where = `${context.getClass().name}.${context.getHandler().name}`;
    throw toHttpException(
      misconfigured(`${where} uses @CoinflowEvent(), but nothing has verified a webhook`, {
        reason: 'webhook-unguarded',
        action: 'Add @CoinflowWebhook() to the route.',
      }),
    );
  });

/** A method that takes the event as its first argument. */
type HandlerDecorator<Type extends CoinflowEventType> = <Method extends (event: CoinflowWebhookEvent<Type>) => unknown>(
  target: object,
  name: string | symbol,
  descriptor: TypedPropertyDescriptor<Method>,
) => void;

/**
 * Makes a method of any provider or controller handle events: those of one or more types, those that a filter lets through,
 * or, without arguments, all, types that Coinflow has not documented among them. More than one on a method add up.
 *
 * It runs for as long as its promise does. When it throws, Coinflow sends the event again, and all handlers of the event run
 * again: what moves money must be keyed by fields of `event.data`; docs/webhooks.md names them for every type.
 * @throws {TypeError} while the application loads, when the filter cannot be
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
