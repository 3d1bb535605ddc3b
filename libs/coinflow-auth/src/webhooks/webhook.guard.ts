import 'reflect-metadata';
import {
  HttpException,
  HttpStatus,
  Inject,
  Injectable,
  type CanActivate,
  type ExecutionContext,
  type OnModuleInit,
} from '@nestjs/common';
import { ModuleRef, ModulesContainer } from '@nestjs/core';
import { HTTP, httpRequest } from '../contexts/http-context.js';
import { misconfigured, toHttpException, writeErrorHeaders } from '../contexts/http-exception.js';
import { describeInstance, getFromInstance } from '../contexts/instances.js';
import { CoinflowMisconfiguredError, isCoinflowAuthError } from '../errors/coinflow-auth.errors.js';
import { COINFLOW_WEBHOOK_ROUTE_METADATA } from '../options/tokens.js';
import { hasGuard, httpCodeOf, routesOf, writeMethodMetadata, type DecoratedMethod } from '../util/nest-metadata.js';
import type { CoinflowWebhooks } from './coinflow-webhooks.js';
import type { ReceivedWebhook } from './verify-webhook.js';

/** The metadata of a webhook route. */
export interface WebhookRoute {
  readonly instance: string | undefined;
  /** Whether deliveries to the route are recorded: under `@CoinflowWebhook()`, but not under the guard alone. */
  readonly isRecorded: boolean;
}

export function writeWebhookRoute(handler: DecoratedMethod, instance: string | undefined): void {
  const route: WebhookRoute = { instance, isRecorded: true };
  writeMethodMetadata(COINFLOW_WEBHOOK_ROUTE_METADATA, route, handler);
}

function readWebhookRoute(handler: object): WebhookRoute {
  const route = Reflect.getMetadata(COINFLOW_WEBHOOK_ROUTE_METADATA, handler) as WebhookRoute | undefined;
  return route ?? { instance: undefined, isRecorded: false };
}

const WEBHOOK = Symbol.for('nestjs-coinflow-auth:webhook');

/** What the guard attaches to a request for the interceptor and `@CoinflowEvent()`. */
export interface AttachedWebhook extends ReceivedWebhook {
  readonly webhooks: CoinflowWebhooks;
}

interface RequestWithWebhook {
  [WEBHOOK]?: AttachedWebhook;
}

export function attachWebhook(request: object, webhook: AttachedWebhook): void {
  (request as RequestWithWebhook)[WEBHOOK] = webhook;
}

export function attachedWebhook(request: object): AttachedWebhook | undefined {
  return (request as RequestWithWebhook)[WEBHOOK];
}

/**
 * Verifies that Coinflow sent a request, and attaches its event for `@CoinflowEvent()`.
 *
 * The guard alone records no deliveries: a duplicate runs again, and a signature may be at most 5 minutes old. Use
 * `@CoinflowWebhook()`, which includes this guard, unless you record deliveries yourself.
 */
@Injectable()
export class CoinflowWebhookGuard implements CanActivate, OnModuleInit {
  constructor(
    @Inject(ModuleRef) private readonly moduleRef: ModuleRef,
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
  ) {}

  /** @throws {@link CoinflowMisconfiguredError} at startup when a webhook route has no key, or another status than 200 */
  onModuleInit(): void {
    const routes = routesOf(this.modules).filter(
      ({ controller, method }) =>
        hasGuard(controller, CoinflowWebhookGuard) || hasGuard(method.method, CoinflowWebhookGuard),
    );
    for (const { name, method } of routes) {
      this.getWebhooks(readWebhookRoute(method.method), name);
      assertStatus(name, httpCodeOf(method.method));
    }
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    assertHttp(context);
    const { request, response } = httpRequest(context);
    try {
      const route = readWebhookRoute(context.getHandler());
      const webhooks = this.getWebhooks(route, `${context.getClass().name}.${context.getHandler().name}`);
      const received = await webhooks.receive(request, route.isRecorded);
      // Under @CoinflowWebhook() the interceptor does that.
      if (!received.isMerchantAccepted && !route.isRecorded) throw acknowledgement();
      attachWebhook(request, { ...received, webhooks });
      return true;
    } catch (error) {
      if (!isCoinflowAuthError(error)) throw error;
      writeErrorHeaders(response, error);
      throw toHttpException(error);
    }
  }

  /**
   * The service that receives the webhooks of a route.
   * @param name the name of the route's method, for error messages: `WebhooksController.receive`
   * @throws {@link CoinflowMisconfiguredError} when the route's instance is not registered, or has no key
   */
  protected getWebhooks({ instance }: WebhookRoute, name: string): CoinflowWebhooks {
    const webhooks = getFromInstance<CoinflowWebhooks>(this.moduleRef, 'webhooks', instance, name);
    if (webhooks.isConfigured) return webhooks;
    throw new CoinflowMisconfiguredError(
      `${name} receives webhooks, but the instance of CoinflowAuthModule ${describeInstance(instance)} has no key to verify them with`,
      {
        reason: 'webhook-key-missing',
        action:
          'Set the option webhook.keys (environment variable COINFLOW_WEBHOOK_VALIDATION_KEY), or remove the route.',
      },
    );
  }
}

/** @throws `HttpException` in a context that is not HTTP */
function assertHttp(context: ExecutionContext): void {
  const type: string = context.getType();
  if (type === HTTP) return;
  const error = misconfigured(`CoinflowWebhookGuard supports HTTP only, and the context is "${type}"`, {
    reason: 'unknown-context',
    action: 'Use the guard on HTTP routes.',
  });
  throw toHttpException(error);
}

/** Ends a request with 200 and an empty body, which acknowledges its event without running the route. */
function acknowledgement(): HttpException {
  return new HttpException('', HttpStatus.OK);
}

/** Coinflow takes only a 200 as an acknowledgement, and retries for 36 hours otherwise. */
function assertStatus(name: string, status: number | undefined): void {
  if (status === undefined || status === 200) return;
  throw new CoinflowMisconfiguredError(
    `${name} receives webhooks with the status ${status}, which Coinflow does not take as an acknowledgement`,
    { reason: 'webhook-status', action: 'Remove @HttpCode() from the route, or set it to 200.' },
  );
}
