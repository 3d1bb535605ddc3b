import type { CoinflowAuthModuleOptions } from 'nestjs-coinflow-auth';
import { redisCoinflowMemory, redisDeliveries } from 'nestjs-coinflow-auth/redis';

/** The options from the environment, with what several processes must share in Redis if there is one. */
export function withRedis(options: CoinflowAuthModuleOptions, redisUrl: string | undefined): CoinflowAuthModuleOptions {
  if (!redisUrl) return options;
  const { cache, webhook } = options;
  const redis = { url: redisUrl };
  return {
    ...options,
    cache: { ...cache, store: redisCoinflowMemory(redis) },
    webhook: webhook && { ...webhook, deliveries: redisDeliveries(redis) },
  };
}
