import type { RedisAdapter, RedisSubscriber, RedisListener } from './redis-adapter.js';
import { COMMAND_TIMEOUT_MS, withCommandTimeout } from './redis-errors.js';
import type { NodeRedisLike } from './redis-options.js';

interface CommandOptions {
  abortSignal: AbortSignal;
}

/** A client or a cluster of node-redis that subscribes. */
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

interface NodeRedisPoolClient extends Pick<NodeRedisClient, 'sendCommand'> {
  once(event: 'ready', listener: () => void): unknown;
  off(event: 'ready', listener: () => void): unknown;
}

interface NodeRedisPool {
  readonly isOpen: boolean;
  readonly totalClients: number;
  execute(use: (client: NodeRedisPoolClient) => Promise<unknown>): Promise<unknown>;
  sendCommand(command: readonly string[], options: CommandOptions): Promise<unknown>;
}

/**
 * @param name the name of the connection that the package opens to subscribe
 * @returns `undefined` if `client` is no client, cluster, sentinel or pool of node-redis
 */
export function nodeRedisAdapter(client: NodeRedisLike, name: string): RedisAdapter | undefined {
  if (isCluster(client)) return ofCluster(client);
  if (isSentinel(client)) return ofSentinel(client);
  if (isPool(client)) return ofPool(client);
  return isClient(client) ? ofClient(client, name) : undefined;
}

// Each kind has a property that the others lack. `sendCommand` takes other arguments in each of them.
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
      // A client is in use until it has connected again, so each turn gets another client.
      for (let i = pool.totalClients; i > 0; i -= 1) void pool.execute(connectAgain).catch(() => undefined);
    },
    close: () => undefined,
  };
}

/** Makes the server close the connection of a client, which then connects again. The client has no method for this. */
function closeByServer(client: Pick<NodeRedisClient, 'sendCommand'>): Promise<unknown> {
  return client.sendCommand(['QUIT'], { abortSignal: AbortSignal.timeout(COMMAND_TIMEOUT_MS) });
}

/** Keeps a client of a pool in use until it has connected again: a command that it gets before would be lost. */
async function connectAgain(client: NodeRedisPoolClient): Promise<void> {
  let onReady: () => void = () => undefined;
  const ready = new Promise<void>((resolve) => client.once('ready', (onReady = resolve)));
  try {
    await withCommandTimeout(Promise.all([closeByServer(client), ready]));
  } finally {
    client.off('ready', onReady);
  }
}

/**
 * Sends a script with the key of a command to any node. A node without the key replies `MOVED`, which makes node-redis look up
 * the nodes of the cluster: version 5 does so for no other reason, version 6 only after five seconds.
 */
function askAnyNode(cluster: NodeRedisCluster, command: readonly string[]): Promise<unknown> {
  const abortSignal = AbortSignal.timeout(COMMAND_TIMEOUT_MS);
  return cluster.sendCommand(undefined, false, ['EVAL', 'return 0', '1', keyOf(command) ?? ''], { abortSignal });
}

/** All keys of a script are in one slot, so the first key is enough. */
function keyOf(command: readonly string[]): string | undefined {
  return command[0] === 'EVAL' ? command[3] : command[1];
}

/** @param client a client of the package, not connected yet */
export function nodeRedisSubscriber(
  client: NodeRedisSubscriber,
  { channel, onMessage, onConnect }: RedisListener,
): RedisSubscriber {
  // Without a listener an error would end the process. `isReady` reports the state.
  client.on('error', () => undefined);
  client.on('ready', onConnect);
  return {
    get isReady() {
      // A cluster has no such property, but the node that it subscribes to has.
      return client.isReady ?? client.pubSubNode?.client.isReady ?? false;
    },
    get isOpen() {
      return client.isOpen;
    },
    open: async () => {
      if (!client.isOpen) await client.connect();
      // Always the same function, which the client does not add twice.
      await client.subscribe(channel, onMessage);
    },
    close: () => closeClient(client),
  };
}

/** A sentinel client has its own connection for subscriptions. */
function sentinelSubscriber(sentinel: NodeRedisSentinel, { channel, onMessage }: RedisListener): RedisSubscriber {
  return {
    get isReady() {
      return sentinel.isReady;
    },
    get isOpen() {
      return sentinel.isOpen;
    },
    open: () => sentinel.subscribe(channel, onMessage),
    close: () => void sentinel.unsubscribe(channel, onMessage).catch(() => undefined),
  };
}

/** Closes a client that the package has opened. */
export function closeClient(client: Pick<NodeRedisSubscriber, 'isOpen' | 'on' | 'unref' | 'destroy'>): void {
  // A client that is closed while it connects still opens its socket, which must not keep the process alive.
  client.on('connect', () => client.unref?.());
  if (client.isOpen) void Promise.resolve(client.destroy()).catch(() => undefined);
}
