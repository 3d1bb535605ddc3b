import type { CoinflowAuthModuleOptions } from 'nestjs-coinflow-auth';
import { redisDeliveries } from 'nestjs-coinflow-auth/redis';

/** The options from the environment, with what several processes must share in Redis if there is one. */
export function withRedis(options: CoinflowAuthModuleOptions, redisUrl: string | undefined): CoinflowAuthModuleOptions {
  const { webhook } = options;
  if (!redisUrl || !webhook) return options;
  return { ...options, webhook: { ...webhook, deliveries: redisDeliveries({ url: redisUrl }) } };
}
