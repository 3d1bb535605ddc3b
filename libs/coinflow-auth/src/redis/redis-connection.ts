import { CoinflowMisconfiguredError } from '../errors/coinflow-auth.errors.js';
import { ioredisAdapter } from './ioredis-adapter.js';
import { nodeRedisAdapter } from './node-redis-adapter.js';
import { OwnRedis } from './own-redis.js';
import type { RedisAdapter, RedisListener } from './redis-adapter.js';
import { RedisTimeoutError, RedisUnreachableError, inTime, isDenied, replyCode } from './redis-errors.js';
import { RedisLog } from './redis-log.js';
import { parseRedisUrl, type IoredisLike, type NodeRedisLike, type RedisConnectionOptions } from './redis-options.js';
import { RedisSubscription } from './redis-subscription.js';

/** So many commands in a row without an answer, and the connection is taken for dead. */
const MAX_TIMEOUTS = 2;
const RECONNECT_EVERY_MS = 1_000;

/** Sends commands to Redis, and gives up those that it does not answer in a second. */
export class RedisConnection {
  readonly #redis: RedisAdapter;
  readonly #log: RedisLog;
  #timeouts = 0;
  #timedOutAt = -Infinity;
  #reconnectedAt = -Infinity;
  #rediscoveredAt = -Infinity;
  /** The last command was not carried out, for a reason that the client cannot know. */
  #isFailing = false;
  /** Why there is no connection, as far as the package's own client has said. */
  #lastError: unknown;
  #isClosed = false;

  /**
   * @param name of the package's own connections, in `CLIENT LIST`
   * @throws {TypeError} when the options name no Redis, or two
   */
  constructor({ url, client }: RedisConnectionOptions, name: string) {
    if ((url === undefined) === (client === undefined)) {
      throw new TypeError('Give either the url of a Redis or a client of node-redis or ioredis');
    }
    if (client !== undefined) {
      this.#redis = adapterOf(client, name);
      this.#log = RedisLog.of(client, this);
      return;
    }
    this.#redis = new OwnRedis(url, name, {
      lost: (error) => {
        this.#lastError = error;
        this.#lost(error);
      },
      ready: () => this.#works(),
    });
    const { host, port } = parseRedisUrl(url).socket;
    this.#log = RedisLog.of(`${host}:${port}`, this);
  }

  /** What the client is, for messages. */
  get kind(): string {
    return this.#redis.kind;
  }

  get hasPubSub(): boolean {
    return this.#redis.newSubscriber !== undefined;
  }

  /** Whether commands are carried out, as far as is known. */
  get isAvailable(): boolean {
    return this.#redis.isReady && !this.#isFailing;
  }

  /**
   * Waits for the connection, for a second at most.
   * @throws {CoinflowMisconfiguredError} when node-redis is not installed
   */
  async connect(): Promise<void> {
    try {
      await this.#redis.connect?.();
    } catch (error) {
      throw this.#misconfigured(error);
    }
  }

  /**
   * Waits for the connection as {@link connect} does.
   * @throws {RedisUnreachableError} when there is none then
   */
  async ready(): Promise<void> {
    await this.connect();
    // What a client keeps for later would be sent when nobody waits for it any more: a lease that nobody has, say.
    if (!this.#redis.isReady) throw this.#unreachable(new RedisUnreachableError(this.#lastError));
  }

  /**
   * Connects when it is first used, so that an application starts while Redis is down.
   * @throws {RedisUnreachableError} when the connection is lost, also when it breaks during the command
   * @throws {CoinflowMisconfiguredError} when the Redis is a cluster and the client is for one Redis, or node-redis is not installed
   * @throws what Redis answers, when that is an error
   */
  async command(...command: string[]): Promise<unknown> {
    await this.ready();
    const sentAt = performance.now();
    const patience = new AbortController();
    try {
      const answer = await inTime(this.#redis.send(command, patience.signal));
      this.#works();
      return answer;
    } catch (error) {
      patience.abort();
      if (error instanceof RedisTimeoutError) this.#rediscover(command);
      throw this.#failed(error, sentAt);
    }
  }

  /** Whether the log says already what made a command fail. */
  hasLogged(error: unknown): boolean {
    const isOutage = error instanceof RedisUnreachableError || error instanceof CoinflowMisconfiguredError;
    return isOutage || isDenied(error);
  }

  /** Receives the messages of a channel over a connection of its own, as soon as there is one. */
  subscribe(listener: RedisListener): RedisSubscription {
    const { newSubscriber } = this.#redis;
    if (!newSubscriber) throw new TypeError(`${this.kind} has no pub/sub`);
    return new RedisSubscription(newSubscriber, listener);
  }

  close(): void {
    this.#isClosed = true;
    this.#redis.close();
    this.#log.closed(this);
  }

  #works(): void {
    this.#timeouts = 0;
    this.#isFailing = false;
    this.#log.back(this);
  }

  #lost(error: unknown): void {
    // What fails since it was closed is no news.
    if (!this.#isClosed) this.#log.lost(this, error);
  }

  #failed(error: unknown, sentAt: number): unknown {
    if (error instanceof RedisTimeoutError) return this.#timedOut(error, sentAt);
    const code = replyCode(error);
    if (code === undefined) return this.#unreachable(new RedisUnreachableError(error));
    this.#timeouts = 0;
    // A primary that was demoted by a failover: a new connection reaches the new primary.
    if (code === 'READONLY') {
      this.#reconnect('leaveDemoted');
      return this.#unreachable(new RedisUnreachableError(error));
    }
    if (code === 'MOVED') return this.#misconfigured(isCluster(error));
    if (isDenied(error)) {
      this.#isFailing = true;
      this.#log.denied(error);
    }
    return error;
  }

  #unreachable(error: RedisUnreachableError): RedisUnreachableError {
    this.#isFailing = this.#redis.isReady;
    this.#lost(error);
    return error;
  }

  /** Of those that wait at the same time one is counted. */
  #timedOut(error: RedisTimeoutError, sentAt: number): RedisTimeoutError {
    if (sentAt < this.#timedOutAt) return error;
    this.#timedOutAt = performance.now();
    this.#timeouts += 1;
    if (this.#timeouts < MAX_TIMEOUTS) return error;
    this.#reconnect('reconnect');
    this.#unreachable(error);
    return error;
  }

  /** At each timeout, and once a second at most: what other nodes answer meanwhile says nothing of this one. */
  #rediscover(command: readonly string[]): void {
    const now = performance.now();
    if (now < this.#rediscoveredAt + RECONNECT_EVERY_MS) return;
    this.#rediscoveredAt = now;
    this.#redis.rediscover?.(command);
  }

  /** Once a second at most: the address may still lead to the old server. */
  #reconnect(how: 'reconnect' | 'leaveDemoted'): void {
    const now = performance.now();
    if (!this.#redis[how] || now < this.#reconnectedAt + RECONNECT_EVERY_MS) return;
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

function isCluster(error: unknown): CoinflowMisconfiguredError {
  return new CoinflowMisconfiguredError('The Redis is a node of a cluster, and the client is for a single Redis', {
    reason: 'redis-is-cluster',
    action: 'Pass the client of a cluster: createCluster() of node-redis, or new Cluster() of ioredis.',
    ...(error instanceof Error && { cause: error }),
  });
}

/** @throws {TypeError} when it is no client that can be used */
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
