import type * as NodeRedisModule from '@redis/client';
import type { RedisClientOptions } from '@redis/client';
import { CoinflowMisconfiguredError } from '../errors/coinflow-auth.errors.js';
import { closeClient, nodeRedisSubscriber } from './node-redis-adapter.js';
import type { RedisAdapter, RedisSubscriber, RedisListener } from './redis-adapter.js';
import { COMMAND_TIMEOUT_MS, withCommandTimeout } from './redis-errors.js';
import { parseRedisUrl, type RedisAddress } from './redis-options.js';

const MIN_RECONNECT_MS = 25;
const MAX_RECONNECT_MS = 1_000;

type NodeRedis = typeof NodeRedisModule;
type Client = ReturnType<NodeRedis['createClient']>;

/** The callbacks of a {@link UrlAdapter}. */
export interface UrlAdapterEvents {
  onError(error: Error): void;
  onReady(): void;
}

/** Opens connections to a URL with node-redis, which is loaded when the first connection is needed. */
export class UrlAdapter implements RedisAdapter {
  readonly kind = 'a connection to a url';
  readonly #address: RedisAddress;
  readonly #name: string;
  readonly #events: UrlAdapterEvents;
  #client: Client | undefined;
  #connecting: Promise<void> | undefined;
  #isClosed = false;

  /**
   * @param name the name of the connections in `CLIENT LIST`
   * @throws `TypeError` when `url` is not a Redis URL
   */
  constructor(url: string, name: string, events: UrlAdapterEvents) {
    this.#address = parseRedisUrl(url);
    this.#name = name;
    this.#events = events;
  }

  get isReady(): boolean {
    return this.#client?.isReady === true;
  }

  /** @throws {@link CoinflowMisconfiguredError} when node-redis is not installed */
  connect(): Promise<void> {
    if (!this.#isClosed) this.#connecting ??= this.#open();
    return this.#connecting ?? Promise.resolve();
  }

  reconnect(): void {
    if (this.#client) closeClient(this.#client);
    this.#client = undefined;
    this.#connecting = undefined;
    // The next command reports an error.
    this.connect().catch(() => undefined);
  }

  leaveDemoted(): void {
    this.reconnect();
  }

  send(command: readonly string[], abortSignal: AbortSignal): Promise<unknown> {
    return this.#client?.sendCommand([...command], { abortSignal }) ?? Promise.reject(new Error('Not connected'));
  }

  readonly newSubscriber = (listener: RedisListener): RedisSubscriber => {
    let subscriber: RedisSubscriber | undefined;
    let isClosed = false;
    return {
      get isReady() {
        return subscriber?.isReady ?? false;
      },
      get isOpen() {
        return subscriber?.isOpen ?? false;
      },
      open: async () => {
        const nodeRedis = await loadNodeRedis();
        if (isClosed) return;
        subscriber ??= nodeRedisSubscriber(this.#newClient(nodeRedis, `${this.#name}-subscriber`), listener);
        await subscriber.open();
      },
      close: () => {
        isClosed = true;
        subscriber?.close();
      },
    };
  };

  close(): void {
    this.#isClosed = true;
    if (this.#client) closeClient(this.#client);
  }

  async #open(): Promise<void> {
    const nodeRedis = await loadNodeRedis();
    if (this.#isClosed) return;
    const client = this.#newClient(nodeRedis, this.#name);
    this.#client = client;
    const isCurrent = (): boolean => this.#client === client && !this.#isClosed;
    // Without a listener an error would end the process.
    let hasFailed = false;
    client.on('error', (error: Error) => {
      hasFailed = true;
      if (isCurrent()) this.#events.onError(error);
    });
    client.on('ready', () => isCurrent() && this.#events.onReady());
    // The first commands wait at most one second for the connection.
    await withCommandTimeout(client.connect()).catch((error: Error) => {
      if (!hasFailed && isCurrent()) this.#events.onError(error);
    });
  }

  #newClient(nodeRedis: NodeRedis, name: string): Client {
    const { socket, ...address } = this.#address;
    const options = {
      ...address,
      name,
      ...resp2(nodeRedis),
      disableClientInfo: true,
      socket: { ...socket, connectTimeout: COMMAND_TIMEOUT_MS, reconnectStrategy: reconnectDelayMs },
    };
    // Without modules and scripts, as `Client` is typed.
    const client: unknown = nodeRedis.createClient(options as RedisClientOptions);
    return client as Client;
  }
}

/**
 * With RESP 2, node-redis connects with AUTH, CLIENT SETNAME and SELECT only, which old servers know and which are easy to
 * grant. It is the default of node-redis 5, which would send HELLO if the option were set.
 */
function resp2(nodeRedis: object): { RESP?: 2 } {
  return 'DEFAULT_RESP' in nodeRedis ? { RESP: 2 } : {};
}

/** Grows up to one second. Half of it is random, so that replicas do not reconnect at the same time. */
export function reconnectDelayMs(retries: number, _cause?: unknown, random = Math.random): number {
  const ms = Math.min(MIN_RECONNECT_MS * 2 ** retries, MAX_RECONNECT_MS);
  return Math.round(ms / 2 + (random() * ms) / 2);
}

async function loadNodeRedis(): Promise<NodeRedis> {
  try {
    return await import('@redis/client');
  } catch (error) {
    throw new CoinflowMisconfiguredError('A Redis url needs the package @redis/client, which is not installed', {
      reason: 'redis-not-installed',
      action: 'Run npm install @redis/client, or pass a client of ioredis instead of a url.',
      ...(error instanceof Error && { cause: error }),
    });
  }
}
