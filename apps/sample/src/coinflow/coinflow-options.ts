import type { CoinflowAuthModuleOptions } from 'nestjs-coinflow-auth';
import { redisDeliveryStore, redisSharedStore } from 'nestjs-coinflow-auth/redis';
import type { Redis } from '../redis/redis.module.js';

/** The demo page signs in with several wallets from one address. `LoginLimitGuard` limits how often. */
const WALLET_LOGINS_PER_CLIENT = 20;

/** The options from the environment and, if there is Redis, the stores that the replicas share. */
export function coinflowOptions(options: CoinflowAuthModuleOptions, client: Redis | null): CoinflowAuthModuleOptions {
  const base: CoinflowAuthModuleOptions = {
    ...options,
    // Warns of a route that somebody forgot to guard. Routes without a session are @CoinflowPublic().
    routeAudit: 'warn',
    budget: { ...options.budget, walletLoginsPerClient: WALLET_LOGINS_PER_CLIENT },
  };
  if (!client) return base;
  const { webhook } = options;
  return {
    ...base,
    store: redisSharedStore({ client }),
    webhook: webhook && {
      ...webhook,
      consumer: webhook.consumer ?? 'sample',
      deliveries: redisDeliveryStore({ client }),
    },
  };
}

/** Whether the environment or `.env` has the Webhook Validation Key. */
export function hasWebhooks(): boolean {
  return Boolean(process.env.COINFLOW_WEBHOOK_VALIDATION_KEY?.trim());
}
