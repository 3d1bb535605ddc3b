import type { Type } from '@nestjs/common';
import { CoinflowAuth } from 'nestjs-coinflow-auth';
import type { Route } from './http-contexts.js';

const ROUTES_PER_CONTROLLER = 10;

/** Creates routes with metadata on handler and class, as decorators set it. */
export function decoratedRoutes(count: number): Route[] {
  const controllers = Array.from({ length: count / ROUTES_PER_CONTROLLER }, decoratedController);
  return controllers.flatMap((controller) =>
    Object.entries(Object.getOwnPropertyDescriptors(controller.prototype))
      .filter(([name]) => name !== 'constructor')
      .map(([, { value }]) => ({ controller, handler: value as () => unknown })),
  );
}

function decoratedController(): Type {
  class SomeController {}
  for (let i = 0; i < ROUTES_PER_CONTROLLER; i += 1) {
    const descriptor = { value: () => i, configurable: true };
    Object.defineProperty(SomeController.prototype, `route${i}`, descriptor);
    CoinflowAuth({ maxAgeMs: 86_400_000 })(SomeController.prototype, `route${i}`, descriptor);
  }
  CoinflowAuth({ subject: 'user' })(SomeController);
  return SomeController;
}
