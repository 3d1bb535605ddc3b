import type { CoinflowAuthModuleOptions } from 'nestjs-coinflow-auth';
import { redisCoinflowMemory, redisDeliveries } from 'nestjs-coinflow-auth/redis';
import type { Redis } from '../redis/redis.module.js';

/** The options from the environment, with what several processes must share in Redis if there is one. */
export function withRedis(options: CoinflowAuthModuleOptions, client: Redis | null): CoinflowAuthModuleOptions {
  if (!client) return options;
  const { cache, webhook } = options;
  return {
    ...options,
    cache: { ...cache, store: redisCoinflowMemory({ client }) },
    webhook: webhook && { ...webhook, consumer: webhook.consumer ?? 'sample', deliveries: redisDeliveries({ client }) },
  };
}
