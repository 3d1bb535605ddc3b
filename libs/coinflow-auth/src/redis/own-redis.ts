import type * as NodeRedisModule from '@redis/client';
import type { RedisClientOptions } from '@redis/client';
import { CoinflowMisconfiguredError } from '../errors/coinflow-auth.errors.js';
import { closeClient, nodeRedisSubscriber } from './node-redis-adapter.js';
import type { RedisAdapter, RedisSubscriber, RedisListener } from './redis-adapter.js';
import { COMMAND_TIMEOUT_MS, inTime } from './redis-errors.js';
import { parseRedisUrl, type RedisAddress } from './redis-options.js';

const RECONNECT_FROM_MS = 25;
const RECONNECT_TO_MS = 1_000;

type NodeRedis = typeof NodeRedisModule;
type Client = ReturnType<NodeRedis['createClient']>;

/** What is told of a connection. */
export interface OwnRedisEvents {
  lost(error: Error): void;
  ready(): void;
}

/** Connections of the package's own, by node-redis, which is loaded when the first one is needed. */
export class OwnRedis implements RedisAdapter {
  readonly kind = 'a connection by url';
  readonly #address: RedisAddress;
  readonly #name: string;
  readonly #events: OwnRedisEvents;
  #client: Client | undefined;
  #connecting: Promise<void> | undefined;
  #isClosed = false;

  /**
   * @param name of the connections, in `CLIENT LIST`
   * @throws {TypeError} when it is no URL of a Redis
   */
  constructor(url: string, name: string, events: OwnRedisEvents) {
    this.#address = parseRedisUrl(url);
    this.#name = name;
    this.#events = events;
  }

  get isReady(): boolean {
    return this.#client?.isReady === true;
  }

  /** @throws {CoinflowMisconfiguredError} when node-redis is not installed */
  connect(): Promise<void> {
    if (!this.#isClosed) this.#connecting ??= this.#open();
    return this.#connecting ?? Promise.resolve();
  }

  reconnect(): void {
    if (this.#client) closeClient(this.#client);
    this.#client = undefined;
    this.#connecting = undefined;
    // Who waits for it is told by the next command.
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
    // Without a listener the process ends.
    let hasFailed = false;
    client.on('error', (error: Error) => {
      hasFailed = true;
      if (isCurrent()) this.#events.lost(error);
    });
    client.on('ready', () => isCurrent() && this.#events.ready());
    // For a second the first who come wait for the connection; afterwards it is there, or it is not.
    await inTime(client.connect()).catch((error: Error) => {
      if (!hasFailed && isCurrent()) this.#events.lost(error);
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
    // Of no modules and scripts: how it is typed by default.
    const client: unknown = nodeRedis.createClient(options as RedisClientOptions);
    return client as Client;
  }
}

/**
 * With RESP 2 nothing but AUTH, CLIENT SETNAME and SELECT is sent to connect: what an old Redis knows, and a user is easily granted.
 * It is the default of node-redis 5, which sends HELLO when it is set.
 */
function resp2(nodeRedis: object): { RESP?: 2 } {
  return 'DEFAULT_RESP' in nodeRedis ? { RESP: 2 } : {};
}

/** Grows, up to a second; half of it is random, so that replicas do not come back all at once. */
export function reconnectDelayMs(retries: number, _cause?: unknown, random = Math.random): number {
  const ms = Math.min(RECONNECT_FROM_MS * 2 ** retries, RECONNECT_TO_MS);
  return Math.round(ms / 2 + (random() * ms) / 2);
}

async function loadNodeRedis(): Promise<NodeRedis> {
  try {
    return await import('@redis/client');
  } catch (error) {
    throw new CoinflowMisconfiguredError('The url of a Redis needs @redis/client, which is not installed', {
      reason: 'redis-not-installed',
      action: 'Install it: npm install @redis/client. Or pass a client of ioredis.',
      ...(error instanceof Error && { cause: error }),
    });
  }
}
