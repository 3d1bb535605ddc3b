import { isCoinflowAuthError } from '../errors/coinflow-auth.errors.js';
import { ioredisAdapter } from '../redis/ioredis-adapter.js';
import type { RedisAdapter } from '../redis/redis-adapter.js';
import { COMMAND_TIMEOUT_MS, withCommandTimeout } from '../redis/redis-errors.js';
import { UrlAdapter } from '../redis/redis-url-adapter.js';

const NAME = 'coinflow-doctor';

/** A connection to Redis that the doctor has opened. */
export interface DoctorRedis {
  /** @throws the error reply of Redis */
  send(...command: string[]): Promise<unknown>;
  close(): void;
}

/**
 * Connects with node-redis, as the package does with a URL; with ioredis where node-redis is not installed.
 * @returns `undefined` if neither is installed
 * @throws the error of the connection
 */
export async function connectRedis(url: string): Promise<DoctorRedis | undefined> {
  try {
    return await connectNodeRedis(url);
  } catch (error) {
    if (!isCoinflowAuthError(error) || error.reason !== 'redis-not-installed') throw error;
  }
  return connectIoredis(url);
}

async function connectNodeRedis(url: string): Promise<DoctorRedis> {
  let lastError: Error | undefined;
  const adapter = new UrlAdapter(url, NAME, {
    onError: (error) => (lastError = error),
    onReady: () => undefined,
  });
  try {
    await adapter.connect();
    if (!adapter.isReady) throw lastError ?? new Error('no connection');
  } catch (error) {
    adapter.close();
    throw error;
  }
  return doctorRedis(adapter, () => adapter.close());
}

async function connectIoredis(url: string): Promise<DoctorRedis | undefined> {
  const ioredis = await import('ioredis').catch(() => undefined);
  if (!ioredis) return undefined;
  let lastError: unknown;
  const client = new ioredis.Redis(url, {
    connectionName: NAME,
    connectTimeout: COMMAND_TIMEOUT_MS,
    enableReadyCheck: false,
    lazyConnect: true,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  // Without a listener ioredis prints every error. The error of connect() does not say why.
  client.on('error', (error) => (lastError = error));
  try {
    await withCommandTimeout(client.connect());
    // ioredis connects although the password is wrong.
    await withCommandTimeout(client.call('hello').catch(rethrowUnlessReplied));
  } catch (error) {
    client.disconnect();
    throw lastError ?? error;
  }
  return doctorRedis(ioredisAdapter(client, NAME), () => client.disconnect());
}

function rethrowUnlessReplied(error: Error): void {
  if (!/^(?:ERR|NOPERM) /.test(error.message)) throw error;
}

function doctorRedis(adapter: RedisAdapter, close: () => void): DoctorRedis {
  return {
    send: async (...command) => {
      const timeout = new AbortController();
      try {
        return await withCommandTimeout(adapter.send(command, timeout.signal));
      } finally {
        timeout.abort();
      }
    },
    close,
  };
}
