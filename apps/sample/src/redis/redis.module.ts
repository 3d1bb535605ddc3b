import { Inject, Logger, Module, type OnApplicationShutdown } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { createClient } from '@redis/client';

/** The connection to Redis that everything here uses; `null` without `REDIS_URL`. */
export const REDIS = Symbol('sample:redis');
export type Redis = ReturnType<typeof createClient>;

const CONNECT_MS = 1_000;

/** What several processes share, if `REDIS_URL` says where. */
@Module({
  providers: [
    {
      provide: REDIS,
      inject: [ConfigService],
      useFactory: (config: ConfigService) => {
        const url = config.get<string>('REDIS_URL');
        return url ? connectTo(url) : null;
      },
    },
  ],
  exports: [REDIS],
})
export class RedisModule implements OnApplicationShutdown {
  constructor(@Inject(REDIS) private readonly redis: Redis | null) {}

  onApplicationShutdown(): void {
    if (this.redis?.isOpen) this.redis.destroy();
  }
}

/** Waits for the connection, but not for long: the shop opens while Redis is away, and connects when it is back. */
export async function connectTo(url: string): Promise<Redis> {
  const client: Redis = createClient({
    url,
    // Better an error now than an answer that nobody waits for any more.
    disableOfflineQueue: true,
    socket: {
      connectTimeout: CONNECT_MS,
      reconnectStrategy: (retries) => Math.min(25 * 2 ** retries, CONNECT_MS),
    },
  });
  const logger = new Logger('Redis');
  let isAway = false;
  // Without a listener the process ends.
  client.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    if (!isAway) logger.warn(`Redis is away: ${code ?? message}`);
    isAway = true;
  });
  client.on('ready', () => (isAway = false));
  const away = new Promise((resolve) => setTimeout(resolve, CONNECT_MS).unref());
  await Promise.race([client.connect(), away]);
  return client;
}
