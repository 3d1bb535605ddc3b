import type { RedisAdapter, RedisSubscriber, RedisListener } from './redis-adapter.js';
import { COMMAND_TIMEOUT_MS } from './redis-errors.js';
import type { NodeRedisLike } from './redis-options.js';

interface CommandOptions {
  abortSignal: AbortSignal;
}

/** What subscribes: a client or a cluster of node-redis. */
export interface NodeRedisSubscriber {
  readonly isOpen: boolean;
  readonly isReady?: boolean;
  readonly pubSubNode?: { readonly client: { readonly isReady: boolean } } | undefined;
  on(event: string, listener: () => void): unknown;
  connect(): Promise<unknown>;
  subscribe(channel: string, listener: (message: string) => void): Promise<unknown>;
  unref?(): void;
  destroy(): unknown;
}

interface NodeRedisClient {
  readonly isOpen: boolean;
  readonly isReady: boolean;
  sendCommand(command: readonly string[], options: CommandOptions): Promise<unknown>;
  duplicate(overrides?: object): NodeRedisSubscriber;
}

interface NodeRedisCluster {
  readonly isOpen: boolean;
  sendCommand(
    key: string | undefined,
    isReadonly: boolean,
    command: readonly string[],
    options: CommandOptions,
  ): Promise<unknown>;
  duplicate(overrides?: object): NodeRedisSubscriber;
}

interface NodeRedisSentinel {
  readonly isOpen: boolean;
  readonly isReady: boolean;
  sendCommand(isReadonly: boolean, command: readonly string[], options: CommandOptions): Promise<unknown>;
  subscribe(channel: string, listener: (message: string) => void): Promise<unknown>;
  unsubscribe(channel: string, listener: (message: string) => void): Promise<unknown>;
}

interface NodeRedisPool {
  readonly isOpen: boolean;
  readonly totalClients: number;
  execute(use: (client: NodeRedisClient) => Promise<unknown>): Promise<unknown>;
  sendCommand(command: readonly string[], options: CommandOptions): Promise<unknown>;
}

/**
 * @param name of a connection of the package's own
 * @returns nothing for what is none of them
 */
export function nodeRedisAdapter(client: NodeRedisLike, name: string): RedisAdapter | undefined {
  if (isCluster(client)) return ofCluster(client);
  if (isSentinel(client)) return ofSentinel(client);
  if (isPool(client)) return ofPool(client);
  return isClient(client) ? ofClient(client, name) : undefined;
}

// Each kind has a property that the others lack; `sendCommand` takes different arguments in each.
const isCluster = (client: object): client is NodeRedisCluster => 'nodeByAddress' in client;
const isPool = (client: object): client is NodeRedisPool => 'totalClients' in client;
const isSentinel = (client: object): client is NodeRedisSentinel => 'getSentinelNode' in client;
const isClient = (client: object): client is NodeRedisClient => 'isReady' in client;

function ofClient(client: NodeRedisClient, name: string): RedisAdapter {
  return {
    kind: 'a node-redis client',
    get isReady() {
      return client.isReady;
    },
    send: (command, abortSignal) => client.sendCommand(command, { abortSignal }),
    newSubscriber: (listener) => nodeRedisSubscriber(client.duplicate({ name }), listener),
    leaveDemoted: () => void closeByServer(client).catch(() => undefined),
    close: () => undefined,
  };
}

function ofCluster(cluster: NodeRedisCluster): RedisAdapter {
  return {
    kind: 'a node-redis cluster',
    get isReady() {
      return cluster.isOpen;
    },
    send: (command, abortSignal) => cluster.sendCommand(keyOf(command), false, command, { abortSignal }),
    newSubscriber: (listener) => nodeRedisSubscriber(cluster.duplicate({ minimizeConnections: true }), listener),
    rediscover: (command) => void askAnyNode(cluster, command).catch(() => undefined),
    close: () => undefined,
  };
}

function ofSentinel(sentinel: NodeRedisSentinel): RedisAdapter {
  return {
    kind: 'a node-redis sentinel',
    get isReady() {
      return sentinel.isReady;
    },
    send: (command, abortSignal) => sentinel.sendCommand(false, command, { abortSignal }),
    newSubscriber: (listener) => sentinelSubscriber(sentinel, listener),
    close: () => undefined,
  };
}

function ofPool(pool: NodeRedisPool): RedisAdapter {
  return {
    kind: 'a node-redis pool',
    get isReady() {
      return pool.isOpen;
    },
    send: (command, abortSignal) => pool.sendCommand(command, { abortSignal }),
    newSubscriber: undefined,
    leaveDemoted: () => {
      // Each one is in use until it is closed, so the next command goes to another.
      for (let i = pool.totalClients; i > 0; i -= 1) void pool.execute(closeByServer).catch(() => undefined);
    },
    close: () => undefined,
  };
}

/** Makes the server close the connection of a client, which then connects again. The client has no method for that. */
function closeByServer(client: Pick<NodeRedisClient, 'sendCommand'>): Promise<unknown> {
  return client.sendCommand(['QUIT'], { abortSignal: AbortSignal.timeout(COMMAND_TIMEOUT_MS) });
}

/**
 * Asks any node for the key of a command, so that the answer `MOVED` makes the cluster look for its nodes: node-redis 5 does so
 * for no other reason, and version 6 only after five seconds. A node that has the key does nothing.
 */
function askAnyNode(cluster: NodeRedisCluster, command: readonly string[]): Promise<unknown> {
  const abortSignal = AbortSignal.timeout(COMMAND_TIMEOUT_MS);
  return cluster.sendCommand(undefined, false, ['EVAL', 'return 0', '1', keyOf(command) ?? ''], { abortSignal });
}

/** A script's keys share a slot: its first one decides. */
function keyOf(command: readonly string[]): string | undefined {
  return command[0] === 'EVAL' ? command[3] : command[1];
}

/** @param client nobody else's, not connected */
export function nodeRedisSubscriber(
  client: NodeRedisSubscriber,
  { channel, received, connected }: RedisListener,
): RedisSubscriber {
  // Without a listener the process ends; who asks whether it is ready is told.
  client.on('error', () => undefined);
  client.on('ready', connected);
  return {
    get isReady() {
      // A cluster has no such property; the node that it subscribes at has.
      return client.isReady ?? client.pubSubNode?.client.isReady ?? false;
    },
    get isOpen() {
      return client.isOpen;
    },
    open: async () => {
      if (!client.isOpen) await client.connect();
      // The same function each time: a client that has it already adds no second.
      await client.subscribe(channel, received);
    },
    close: () => closeClient(client),
  };
}

/** A sentinel has a connection for this, beside those for commands. */
function sentinelSubscriber(sentinel: NodeRedisSentinel, { channel, received }: RedisListener): RedisSubscriber {
  return {
    get isReady() {
      return sentinel.isReady;
    },
    get isOpen() {
      return sentinel.isOpen;
    },
    open: () => sentinel.subscribe(channel, received),
    close: () => void sentinel.unsubscribe(channel, received).catch(() => undefined),
  };
}

/** Closes a client of the package's own. */
export function closeClient(client: Pick<NodeRedisSubscriber, 'isOpen' | 'on' | 'unref' | 'destroy'>): void {
  // One that is closed while its socket is being opened connects all the same, and must not keep the process alive.
  client.on('connect', () => client.unref?.());
  if (client.isOpen) void Promise.resolve(client.destroy()).catch(() => undefined);
}
