import { Inject, Logger, Module, type OnApplicationShutdown } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { createClient } from '@redis/client';

/** The Redis client of the application; `null` without `REDIS_URL`. */
export const REDIS = Symbol('sample:redis');
export type Redis = ReturnType<typeof createClient>;

const CONNECT_MS = 1_000;

/** Provides the connection to Redis if `REDIS_URL` is set. */
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

/** Waits at most one second for the connection: the application starts without Redis and connects later. */
export async function connectTo(url: string): Promise<Redis> {
  const client: Redis = createClient({
    url,
    // Commands fail at once while Redis is down. A queued command would run after its request has timed out.
    disableOfflineQueue: true,
    socket: {
      connectTimeout: CONNECT_MS,
      reconnectStrategy: (retries) => Math.min(25 * 2 ** retries, CONNECT_MS),
    },
  });
  const logger = new Logger('Redis');
  let isDown = false;
  // An error event without a listener would end the process.
  client.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    if (!isDown) logger.warn(`Redis is unreachable: ${code ?? message}`);
    isDown = true;
  });
  client.on('ready', () => (isDown = false));
  const timeout = new Promise((resolve) => setTimeout(resolve, CONNECT_MS).unref());
  await Promise.race([client.connect(), timeout]);
  return client;
}
