import 'reflect-metadata';
import type { ModulesContainer } from '@nestjs/core';
import { COINFLOW_WEBHOOK_ROUTE_METADATA } from '../../options/webhook-tokens.js';

/** Where Nest keeps what `@UseGuards()` says. */
const GUARDS = '__guards__';
/** Where Nest keeps the HTTP method of a route: what has none is no route. */
const ROUTE_METHOD = 'method';

/** What a webhook route is told. */
export interface WebhookRoute {
  readonly instance: string | undefined;
  /** Whether the route remembers deliveries: under `@CoinflowWebhook()`, not with the guard alone. */
  readonly isRemembered: boolean;
}

export function writeWebhookRoute(handler: object, instance: string | undefined): void {
  const route: WebhookRoute = { instance, isRemembered: true };
  Reflect.defineMetadata(COINFLOW_WEBHOOK_ROUTE_METADATA, route, handler);
}

export function readWebhookRoute(handler: object): WebhookRoute {
  const route = Reflect.getMetadata(COINFLOW_WEBHOOK_ROUTE_METADATA, handler) as WebhookRoute | undefined;
  return route ?? { instance: undefined, isRemembered: false };
}

/** Every route of an application that the guard, or a subclass of it, is on. */
export function webhookRoutes(modules: ModulesContainer, guard: object): { name: string; route: WebhookRoute }[] {
  const controllers = Array.from(modules.values()).flatMap((module) => Array.from(module.controllers.values()));
  return controllers.flatMap(({ metatype }) => {
    const { prototype, name } = metatype as { prototype: Record<string, unknown>; name: string };
    return Object.entries(Object.getOwnPropertyDescriptors(prototype)).flatMap(([method, { value }]) => {
      if (typeof value !== 'function' || !Reflect.hasMetadata(ROUTE_METHOD, value as object)) return [];
      const isOurs = hasGuard(metatype as object, guard) || hasGuard(value as object, guard);
      return isOurs ? [{ name: `${name}.${method}`, route: readWebhookRoute(value as object) }] : [];
    });
  });
}

function hasGuard(target: object, guard: object): boolean {
  const guards = (Reflect.getMetadata(GUARDS, target) ?? []) as object[];
  return guards.some((one) => one === guard || Object.prototype.isPrototypeOf.call(guard, one));
}
