import type { Provider } from '@nestjs/common';
import { DiscoveryService, ModulesContainer } from '@nestjs/core';
import type { ResolvedCoinflowAuthOptions } from '../options/resolve-options.js';
import { COINFLOW_AUTH_OPTIONS } from '../options/tokens.js';
import { coinflowWebhooksToken, instanceOfWebhooksToken } from '../options/webhook-tokens.js';
import { EventHandlers } from './handlers/event-handlers.js';
import { CoinflowWebhooks } from './receiving/coinflow-webhooks.js';

/**
 * What an instance of the module provides for webhooks. The class is the provider and the token its alias, so that
 * `overrideProvider(CoinflowWebhooks)` reaches the guard.
 */
export function webhookProviders(name: string | undefined): Provider[] {
  const token = coinflowWebhooksToken(name);
  const webhooks = {
    provide: name === undefined ? CoinflowWebhooks : token,
    inject: [COINFLOW_AUTH_OPTIONS, DiscoveryService, ModulesContainer],
    useFactory: (options: ResolvedCoinflowAuthOptions, discovery: DiscoveryService, modules: ModulesContainer) =>
      new CoinflowWebhooks(options, name, () => new EventHandlers(discovery, name, () => instancesOf(modules))),
  };
  return name === undefined ? [webhooks, { provide: token, useExisting: CoinflowWebhooks }] : [webhooks];
}

/** The names of all instances in an application. */
function instancesOf(modules: ModulesContainer): Set<string | undefined> {
  const tokens = Array.from(modules.values()).flatMap(({ providers }) => Array.from(providers.keys()));
  return new Set(tokens.flatMap((token) => instanceOfWebhooksToken(token)));
}
