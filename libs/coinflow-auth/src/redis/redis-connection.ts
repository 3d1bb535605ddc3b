import { CoinflowMisconfiguredError } from '../errors/coinflow-auth.errors.js';
import { ioredisAdapter } from './ioredis-adapter.js';
import { nodeRedisAdapter } from './node-redis-adapter.js';
import { RedisSubscription, type RedisAdapter, type RedisListener } from './redis-adapter.js';
import {
  RedisLog,
  RedisTimeoutError,
  RedisUnreachableError,
  isDenied,
  replyCode,
  withCommandTimeout,
} from './redis-errors.js';
import { parseRedisUrl, type IoredisLike, type NodeRedisLike, type RedisConnectionOptions } from './redis-options.js';
import { UrlAdapter } from './redis-url-adapter.js';

/** After so many timeouts in a row the connection is replaced. */
const MAX_TIMEOUTS = 2;
const RECONNECT_INTERVAL_MS = 1_000;

/** Sends commands to Redis, with a timeout of one second each. */
export class RedisConnection {
  readonly #redis: RedisAdapter;
  readonly #log: RedisLog;
  #timeouts = 0;
  #timedOutAt = -Infinity;
  #reconnectedAt = -Infinity;
  #rediscoveredAt = -Infinity;
  /** The last command failed for a reason that the client does not report in `isReady`. */
  #isFailing = false;
  /** The last connection error of a client that the package has opened. */
  #lastError: unknown;
  #isClosed = false;

  /**
   * @param name the name of the package's connections in `CLIENT LIST`
   * @throws `TypeError` when the options have neither or both of `url` and `client`
   */
  constructor({ url, client }: RedisConnectionOptions, name: string) {
    if ((url === undefined) === (client === undefined)) {
      throw new TypeError('Pass either a Redis url or a client of node-redis or ioredis, not both');
    }
    if (client !== undefined) {
      this.#redis = adapterOf(client, name);
      this.#log = RedisLog.of(client, this);
      return;
    }
    this.#redis = new UrlAdapter(url, name, {
      onError: (error) => {
        this.#lastError = error;
        this.#lost(error);
      },
      onReady: () => this.#working(),
    });
    const { host, port } = parseRedisUrl(url).socket;
    this.#log = RedisLog.of(`${host}:${port}`, this);
  }

  /** The kind of the client, for messages. */
  get kind(): string {
    return this.#redis.kind;
  }

  get hasPubSub(): boolean {
    return this.#redis.newSubscriber !== undefined;
  }

  /** Whether Redis executes commands, as far as is known. */
  get isAvailable(): boolean {
    return this.#redis.isReady && !this.#isFailing;
  }

  /**
   * Waits at most one second for the connection.
   * @throws {@link CoinflowMisconfiguredError} when node-redis is not installed
   */
  async connect(): Promise<void> {
    try {
      await this.#redis.connect?.();
    } catch (error) {
      throw this.#misconfigured(error);
    }
  }

  /**
   * Waits at most one second for the connection.
   * @throws `RedisUnreachableError` when there is no connection then
   */
  async ready(): Promise<void> {
    await this.connect();
    // A client without a connection may queue the command and send it after the timeout, for example a claim whose lease
    // nobody would hold.
    if (!this.#redis.isReady) throw this.#unreachable(new RedisUnreachableError(this.#lastError));
  }

  /**
   * Sends a command. Connects at the first one, so that an application starts while Redis is down.
   * @throws `RedisUnreachableError` when there is no connection, or it breaks during the command
   * @throws {@link CoinflowMisconfiguredError} when Redis is a cluster but the client is not, or node-redis is not installed
   * @throws the error reply of Redis
   */
  async command(...command: string[]): Promise<unknown> {
    await this.ready();
    const sentAt = performance.now();
    const timeout = new AbortController();
    try {
      const reply = await withCommandTimeout(this.#redis.send(command, timeout.signal));
      this.#working();
      return reply;
    } catch (error) {
      timeout.abort();
      if (error instanceof RedisTimeoutError) this.#rediscover(command);
      throw this.#failed(error, sentAt);
    }
  }

  /** Whether the error of a command has been logged. */
  hasLogged(error: unknown): boolean {
    const isOutage = error instanceof RedisUnreachableError || error instanceof CoinflowMisconfiguredError;
    return isOutage || isDenied(error);
  }

  /** Subscribes to a channel over a separate connection. */
  subscribe(listener: RedisListener): RedisSubscription {
    const { newSubscriber } = this.#redis;
    if (!newSubscriber) throw new TypeError(`${this.kind} has no pub/sub`);
    return new RedisSubscription(newSubscriber, listener);
  }

  close(): void {
    this.#isClosed = true;
    this.#redis.close();
    this.#log.connectionClosed(this);
  }

  #working(): void {
    this.#timeouts = 0;
    this.#isFailing = false;
    this.#log.connectionRestored(this);
  }

  #lost(error: unknown): void {
    // Errors after close() are expected.
    if (!this.#isClosed) this.#log.connectionLost(this, error);
  }

  #failed(error: unknown, sentAt: number): unknown {
    if (error instanceof RedisTimeoutError) return this.#timedOut(error, sentAt);
    const code = replyCode(error);
    if (code === undefined) return this.#unreachable(new RedisUnreachableError(error));
    this.#timeouts = 0;
    // A failover has demoted the primary. A new connection reaches the new primary.
    if (code === 'READONLY') {
      this.#reconnect('leaveDemoted');
      return this.#unreachable(new RedisUnreachableError(error));
    }
    if (code === 'MOVED') return this.#misconfigured(clusterError(error));
    if (isDenied(error)) {
      this.#isFailing = true;
      this.#log.commandDenied(error);
    }
    return error;
  }

  #unreachable(error: RedisUnreachableError): RedisUnreachableError {
    this.#isFailing = this.#redis.isReady;
    this.#lost(error);
    return error;
  }

  /** Counts concurrent timeouts as one. */
  #timedOut(error: RedisTimeoutError, sentAt: number): RedisTimeoutError {
    if (sentAt < this.#timedOutAt) return error;
    this.#timedOutAt = performance.now();
    this.#timeouts += 1;
    if (this.#timeouts < MAX_TIMEOUTS) return error;
    this.#reconnect('reconnect');
    this.#unreachable(error);
    return error;
  }

  /** At most once a second, but after a single timeout, because other nodes may respond meanwhile. */
  #rediscover(command: readonly string[]): void {
    const now = performance.now();
    if (now < this.#rediscoveredAt + RECONNECT_INTERVAL_MS) return;
    this.#rediscoveredAt = now;
    this.#redis.rediscover?.(command);
  }

  /** At most once a second, because the address may still lead to the old server. */
  #reconnect(how: 'reconnect' | 'leaveDemoted'): void {
    const now = performance.now();
    if (!this.#redis[how] || now < this.#reconnectedAt + RECONNECT_INTERVAL_MS) return;
    this.#reconnectedAt = now;
    this.#timeouts = 0;
    this.#redis[how]();
  }

  #misconfigured(error: unknown): unknown {
    this.#isFailing = true;
    if (error instanceof CoinflowMisconfiguredError) this.#log.misconfigured(error);
    return error;
  }
}

function clusterError(error: unknown): CoinflowMisconfiguredError {
  return new CoinflowMisconfiguredError('Redis is a node of a cluster, but the client is for a single Redis', {
    reason: 'redis-is-cluster',
    action: 'Pass the client of a cluster: createCluster() of node-redis or new Cluster() of ioredis.',
    ...(error instanceof Error && { cause: error }),
  });
}

/** @throws `TypeError` when `client` is of no supported kind */
function adapterOf(client: unknown, name: string): RedisAdapter {
  if (isIoredis(client)) return ioredisAdapter(client, name);
  const adapter = isNodeRedis(client) ? nodeRedisAdapter(client, name) : undefined;
  if (adapter) return adapter;
  throw new TypeError(
    'client must be a client, cluster, sentinel or pool of node-redis 5 or 6, or a client or cluster of ioredis 5 or 6',
  );
}

function isNodeRedis(client: unknown): client is NodeRedisLike {
  const { isOpen, sendCommand } = Object(client) as Partial<NodeRedisLike>;
  return typeof isOpen === 'boolean' && typeof sendCommand === 'function';
}

function isIoredis(client: unknown): client is IoredisLike {
  const { status, isCluster, call } = Object(client) as Partial<IoredisLike>;
  return typeof status === 'string' && typeof isCluster === 'boolean' && typeof call === 'function';
}
