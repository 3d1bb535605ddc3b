import { createClient } from '@redis/client';

/** Coinflow waits for five seconds in all for a webhook, and a delivery asks more than once. */
export const COMMAND_TIMEOUT_MS = 1_000;
const RECONNECT_TO_MS = 1_000;

/** As much of a node-redis client as is used: of `redis` 5 or `@redis/client` 5, connected by whoever made it. */
export interface RedisClientLike {
  readonly isReady: boolean;
  sendCommand(command: string[]): Promise<unknown>;
  /** For what listens: a connection that does, can do nothing else. */
  duplicate(): RedisSubscriberLike;
}

/** As much of a node-redis client as is used to listen. */
export interface RedisSubscriberLike {
  readonly isOpen: boolean;
  readonly isReady: boolean;
  on(event: 'connect' | 'ready' | 'error', listener: () => void): unknown;
  connect(): Promise<unknown>;
  subscribe(channel: string, listener: (message: string) => void): Promise<unknown>;
  unref(): void;
  destroy(): void;
}

/** Which Redis: a URL, over a connection of the package's own; or a client of yours, which is yours to connect and to close. */
export type RedisConnectionOptions =
  | {
      /** Such as `redis://127.0.0.1:6379` or `rediss://user:password@redis.example.com:6380/2`. */
      url: string;
      client?: undefined;
    }
  | {
      /**
       * A connected node-redis 5 client, of one Redis and no cluster; give it an `error` listener. While it is not ready nothing is
       * sent over it, so its own queue of commands stays empty.
       */
      client: RedisClientLike;
      url?: undefined;
    };

/** A client of the package's own. */
export type OwnClient = ReturnType<typeof createClient>;

/** @throws {TypeError} when it is no URL of a Redis; without the URL, for there may be a password in it */
export function ownClient(url: string): OwnClient {
  if (!/^rediss?:\/\//.test(url) || !URL.canParse(url)) {
    throw new TypeError('url must be one of a Redis: redis://… or rediss://…');
  }
  const client = createClient({
    url,
    // What waits in a queue for Redis to come back would be sent when nobody waits for it any more.
    disableOfflineQueue: true,
    socket: {
      connectTimeout: COMMAND_TIMEOUT_MS,
      reconnectStrategy: (retries) => Math.min(25 * 2 ** retries, RECONNECT_TO_MS),
    },
  });
  return client as OwnClient;
}

/** Closes a client of the package's own, or a duplicate that it has made. */
export function closeClient(client: Pick<RedisSubscriberLike, 'isOpen' | 'on' | 'unref' | 'destroy'>): void {
  // One that is closed while its socket is being made connects all the same, and must not keep the process alive.
  client.on('connect', () => client.unref());
  if (client.isOpen) client.destroy();
}

/** Redis is down or does not answer, or the connection broke during a command. */
export class RedisUnreachableError extends Error {
  constructor(cause?: unknown) {
    super('Redis cannot be reached', { cause });
    this.name = 'RedisUnreachableError';
  }
}

/** @throws {RedisUnreachableError} once a command has had its time */
export async function inTime<T>(answer: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    const cause = new Error(`No answer within ${COMMAND_TIMEOUT_MS} ms`);
    timer = setTimeout(() => reject(new RedisUnreachableError(cause)), COMMAND_TIMEOUT_MS);
  });
  try {
    return await Promise.race([answer, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
