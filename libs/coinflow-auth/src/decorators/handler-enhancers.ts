import type { ModulesContainer } from '@nestjs/core';
import type { CoinflowAuthenticator } from '../coinflow-authenticator.js';
import { CoinflowAuthExceptionFilter } from '../contexts/exception.filter.js';
import {
  gatewaysOf,
  isEventStream,
  messageHandlersOf,
  routesOf,
  setInterceptor,
  setLastFilter,
} from '../util/nest-metadata.js';
import { HandlerAuthenticators } from './handler-authenticators.js';
import { SessionContextInterceptor } from './session-context.interceptor.js';
import { SessionStreamInterceptor } from './session-stream.interceptor.js';

/**
 * Adds to the handlers of an application, at startup, what the module needs there: filters and interceptors, which Nest calls
 * enhancers. Nest reads them before it calls `onModuleInit`. Each handler gets only what it needs, so that other handlers take no
 * longer.
 * @param asyncContext the option of that name
 */
export function addEnhancers(
  modules: ModulesContainer,
  asyncContext: boolean,
  getAuthenticator: (instance: string | undefined) => CoinflowAuthenticator,
): void {
  const authenticators = new HandlerAuthenticators(getAuthenticator);
  const routes = routesOf(modules).map(({ method }) => method.method);
  addFilterToGateways(modules);
  if (asyncContext) {
    const messageHandlers = messageHandlersOf(modules).map(({ method }) => method.method);
    const interceptor = new SessionContextInterceptor(authenticators);
    for (const handler of [...routes, ...messageHandlers]) setInterceptor(handler, interceptor);
  }
  const interceptor = new SessionStreamInterceptor(authenticators);
  for (const handler of routes.filter(isEventStream)) setInterceptor(handler, interceptor);
}

/**
 * Nest applies no global filters to gateways. Without the filter an error of the service would reach the client as "Internal
 * server error", with the payload of its message.
 */
function addFilterToGateways(modules: ModulesContainer): void {
  const filter = new CoinflowAuthExceptionFilter();
  for (const gateway of gatewaysOf(modules)) setLastFilter(gateway, filter);
}
