import 'reflect-metadata';
import type { ModulesContainer } from '@nestjs/core';
import { hasGuard, routesOf } from '../../options/application-routes.js';
import { writeMethodMetadata, type DecoratedMethod } from '../../options/method-metadata.js';
import { COINFLOW_WEBHOOK_ROUTE_METADATA } from '../../options/webhook-tokens.js';

/** What a webhook route is told. */
export interface WebhookRoute {
  readonly instance: string | undefined;
  /** Whether the route remembers deliveries: under `@CoinflowWebhook()`, not with the guard alone. */
  readonly isRemembered: boolean;
}

export function writeWebhookRoute(handler: DecoratedMethod, instance: string | undefined): void {
  const route: WebhookRoute = { instance, isRemembered: true };
  writeMethodMetadata(COINFLOW_WEBHOOK_ROUTE_METADATA, route, handler);
}

export function readWebhookRoute(handler: object): WebhookRoute {
  const route = Reflect.getMetadata(COINFLOW_WEBHOOK_ROUTE_METADATA, handler) as WebhookRoute | undefined;
  return route ?? { instance: undefined, isRemembered: false };
}

/** Every route of an application that the guard, or a subclass of it, is on. */
export function webhookRoutes(modules: ModulesContainer, guard: object): { name: string; route: WebhookRoute }[] {
  return routesOf(modules)
    .filter(({ controller, method }) => hasGuard(controller, guard) || hasGuard(method.method, guard))
    .map(({ name, method }) => ({ name, route: readWebhookRoute(method.method) }));
}
