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
import { describeInstance, getFromInstance } from '../../contexts/instances.js';
import {
  misconfigured,
  toHttpException,
  writeErrorHeaders,
  type ResponseWithHeaders,
} from '../../contexts/http-exception.js';
import { CoinflowMisconfiguredError, isCoinflowAuthError } from '../../errors/coinflow-auth.errors.js';
import type { CoinflowWebhooks } from './coinflow-webhooks.js';
import { writeWebhook, type WebhookRequest } from './webhook-request.js';
import { readWebhookRoute, webhookRoutes, type WebhookRoute } from './webhook-route.js';

/**
 * Lets a request in if it is proven to be Coinflow's, and attaches its event for `@CoinflowEvent()`.
 *
 * By itself it remembers nothing: a webhook that is sent again runs again, and a signature may be 5 minutes old.
 * `@CoinflowWebhook()` is this guard and the rest.
 */
@Injectable()
export class CoinflowWebhookGuard implements CanActivate, OnModuleInit {
  constructor(
    @Inject(ModuleRef) private readonly moduleRef: ModuleRef,
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
  ) {}

  /** @throws {CoinflowMisconfiguredError} when the application starts with a webhook route without its key, or with another status than 200 */
  onModuleInit(): void {
    for (const { name, route, status } of webhookRoutes(this.modules, CoinflowWebhookGuard)) {
      this.getWebhooks(route, name);
      assertStatus(name, status);
    }
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (context.getType<string>() !== 'http') {
      throw toHttpException(
        misconfigured(`CoinflowWebhookGuard does not understand requests of the kind “${context.getType()}”`, {
          reason: 'unknown-context',
          action: 'Use the guard on HTTP routes.',
        }),
      );
    }
    const request = context.switchToHttp().getRequest<WebhookRequest>();
    try {
      const route = readWebhookRoute(context.getHandler());
      const webhooks = this.getWebhooks(route, `${context.getClass().name}.${context.getHandler().name}`);
      const received = await webhooks.receive(request, route.isRemembered);
      // The interceptor acknowledges it, where there is one.
      if (!received.isAccepted && !route.isRemembered) throw new HttpException('', HttpStatus.OK);
      writeWebhook(request, received);
      return true;
    } catch (error) {
      if (!isCoinflowAuthError(error)) throw error;
      writeErrorHeaders(context.switchToHttp().getResponse<ResponseWithHeaders>(), error);
      throw toHttpException(error);
    }
  }

  /**
   * What receives the webhooks of the instance that the route names.
   * @throws {CoinflowMisconfiguredError} when there is no such instance, or it has no key
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

/** To Coinflow only a 200 is an acknowledgement: it would send every event again for 36 hours. */
function assertStatus(name: string, status: number | undefined): void {
  if (status === undefined || status === 200) return;
  throw new CoinflowMisconfiguredError(`${name} receives webhooks and answers ${status}, which acknowledges nothing`, {
    reason: 'webhook-status',
    action: 'Remove @HttpCode() from the route, or set it to 200.',
  });
}
