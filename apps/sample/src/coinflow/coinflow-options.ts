import type { CoinflowAuthModuleOptions } from 'nestjs-coinflow-auth';
import { redisSharedStore, redisDeliveryStore } from 'nestjs-coinflow-auth/redis';
import type { Redis } from '../redis/redis.module.js';

/** The page signs in with one wallet after another, all from one address. `LoginLimitGuard` limits how often. */
const WALLET_LOGINS_PER_CLIENT = 20;

/** The options from the environment, with what several processes must share in Redis if there is one. */
export function withRedis(options: CoinflowAuthModuleOptions, client: Redis | null): CoinflowAuthModuleOptions {
  const base = { ...options, budget: { ...options.budget, walletLoginsPerClient: WALLET_LOGINS_PER_CLIENT } };
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
