import { createClient } from '@redis/client';

/** Coinflow waits for five seconds in all for a webhook, and a delivery asks more than once. */
const COMMAND_TIMEOUT_MS = 1_000;
const RECONNECT_TO_MS = 1_000;

/** As much of a node-redis client as is used: of `redis` 5 or `@redis/client` 5, connected by whoever made it. */
export interface RedisClientLike {
  sendCommand(command: string[]): Promise<unknown>;
  /** For what listens: a connection that does, can do nothing else. */
  duplicate(): RedisSubscriberLike;
}

/** As much of a node-redis client as is used to listen. */
export interface RedisSubscriberLike {
  readonly isReady: boolean;
  on(event: 'ready' | 'error', listener: () => void): unknown;
  connect(): Promise<unknown>;
  subscribe(channel: string, listener: (message: string) => void): Promise<unknown>;
  destroy(): void;
}

/** What a subscription tells. */
export interface RedisListener {
  received(message: string): void;
  /** Connected, or again: messages from before are lost. */
  connected(): void;
}

/** Which Redis: a URL, over a connection of the package's own; or a client of yours, which is yours to connect and to close. */
export type RedisConnectionOptions =
  | {
      /** Such as `redis://127.0.0.1:6379` or `rediss://user:password@redis.example.com:6380/2`. */
      url: string;
      client?: undefined;
    }
  | {
      /** A connected node-redis 5 client; give it an `error` listener. */
      client: RedisClientLike;
      url?: undefined;
    };

type OwnClient = ReturnType<typeof createClient>;

/** Sends commands to Redis, and gives up those that it does not answer in a second. */
export class RedisConnection {
  readonly #client: RedisClientLike;
  readonly #own: OwnClient | undefined;
  #connecting: Promise<unknown> | undefined;

  /** @throws {TypeError} when the options name no Redis, or two */
  constructor({ url, client }: RedisConnectionOptions) {
    if ((url === undefined) === (client === undefined)) {
      throw new TypeError('Give either the url of a Redis or a client of node-redis');
    }
    if (client && typeof client.sendCommand !== 'function') throw new TypeError('client must be one of node-redis 5');
    this.#own = url === undefined ? undefined : ownClient(url);
    this.#client = client ?? (this.#own as RedisClientLike);
  }

  /** Connects when it is first used, so that an application starts while Redis is away. */
  command(...command: string[]): Promise<unknown> {
    return within(COMMAND_TIMEOUT_MS, this.#send(command));
  }

  /** Listens over a connection of its own, as soon as there is one. */
  subscribe(channel: string, listener: RedisListener): RedisSubscription {
    return new RedisSubscription(this.#client.duplicate(), channel, listener);
  }

  close(): void {
    if (this.#own?.isOpen) this.#own.destroy();
  }

  async #send(command: string[]): Promise<unknown> {
    if (this.#own) await (this.#connecting ??= this.#own.connect());
    return this.#client.sendCommand(command);
  }
}

/** A connection that listens to one channel. */
export class RedisSubscription {
  readonly #client: RedisSubscriberLike;
  readonly #channel: string;
  readonly #listener: RedisListener;
  #connecting: Promise<unknown> | undefined;

  constructor(client: RedisSubscriberLike, channel: string, listener: RedisListener) {
    this.#client = client;
    this.#channel = channel;
    this.#listener = listener;
    client.on('error', () => undefined);
    client.on('ready', () => listener.connected());
  }

  /** Rejects while it does not listen. */
  async ready(): Promise<void> {
    this.#connecting ??= this.#connect();
    await within(COMMAND_TIMEOUT_MS, this.#connecting);
    if (!this.#client.isReady) throw new Error('The connection that listens to Redis is lost');
  }

  close(): void {
    this.#connecting?.catch(() => undefined);
    this.#client.destroy();
  }

  async #connect(): Promise<void> {
    try {
      await this.#client.connect();
      await this.#client.subscribe(this.#channel, (message) => this.#listener.received(message));
    } catch (error) {
      this.#connecting = undefined;
      throw error;
    }
  }
}

function ownClient(url: string): OwnClient {
  const client = createClient({
    url,
    // What waits in a queue for Redis to come back would be sent when nobody waits for it any more.
    disableOfflineQueue: true,
    socket: {
      connectTimeout: COMMAND_TIMEOUT_MS,
      reconnectStrategy: (retries) => Math.min(25 * 2 ** retries, RECONNECT_TO_MS),
    },
  });
  // Without a listener the process ends; each command that fails for it says so.
  client.on('error', () => undefined);
  return client as OwnClient;
}

async function within<T>(ms: number, answer: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Redis did not answer within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([answer, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
