import 'reflect-metadata';
import type { ExecutionContext } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { COINFLOW_WEBHOOK_ROUTE_METADATA } from '../../options/tokens.js';
import { hasGuard, httpCodeOf, routesOf, writeMethodMetadata, type DecoratedMethod } from '../../util/nest-metadata.js';
import type { CoinflowWebhookEvent } from '../events/webhook-event.js';

/** What a webhook route is told. */
export interface WebhookRoute {
  readonly instance: string | undefined;
  /** Whether the route remembers deliveries: under `@CoinflowWebhook()`, not with the guard alone. */
  readonly isRemembered: boolean;
}

/** What a route itself does with an event. */
export interface RouteBody<T> {
  /** What no other route of the application has: see {@link identityOf}. */
  readonly identity: readonly unknown[];
  readonly run: (event: CoinflowWebhookEvent) => Promise<T>;
}

/** As much of a request of Express or Fastify as says which route it has reached. */
interface RoutedRequest {
  readonly route?: { path?: unknown };
  readonly routeOptions?: { url?: unknown };
  readonly params?: unknown;
}

/**
 * What tells a route from every other: its class and method, and where that is mounted, since one class can be a
 * controller of several modules. The pattern of the path and not the path, which a sender can spell in more than one way.
 */
export function identityOf(context: ExecutionContext): readonly unknown[] {
  const { route, routeOptions, params } = context.switchToHttp().getRequest<RoutedRequest>();
  return [context.getClass().name, context.getHandler().name, route?.path ?? routeOptions?.url, params];
}

export function writeWebhookRoute(handler: DecoratedMethod, instance: string | undefined): void {
  const route: WebhookRoute = { instance, isRemembered: true };
  writeMethodMetadata(COINFLOW_WEBHOOK_ROUTE_METADATA, route, handler);
}

export function readWebhookRoute(handler: object): WebhookRoute {
  const route = Reflect.getMetadata(COINFLOW_WEBHOOK_ROUTE_METADATA, handler) as WebhookRoute | undefined;
  return route ?? { instance: undefined, isRemembered: false };
}

/** A webhook route of an application. */
interface FoundWebhookRoute {
  /** The handler's name, as `WebhooksController.receive`. */
  readonly name: string;
  readonly route: WebhookRoute;
  /** What `@HttpCode()` says. */
  readonly status: number | undefined;
}

/** Every route of an application that the guard, or a subclass of it, is on. */
export function webhookRoutes(modules: ModulesContainer, guard: object): FoundWebhookRoute[] {
  return routesOf(modules)
    .filter(({ controller, method }) => hasGuard(controller, guard) || hasGuard(method.method, guard))
    .map(({ name, method }) => ({
      name,
      route: readWebhookRoute(method.method),
      status: httpCodeOf(method.method),
    }));
}
