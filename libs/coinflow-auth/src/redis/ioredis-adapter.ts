import type { RedisAdapter, RedisSubscriber, RedisListener } from './redis-adapter.js';
import type { IoredisLike } from './redis-options.js';

interface IoredisSubscriber {
  readonly status: string;
  on(event: 'error' | 'ready', listener: () => void): unknown;
  on(event: 'message', listener: (channel: string, message: string) => void): unknown;
  connect(): Promise<unknown>;
  subscribe(channel: string): Promise<unknown>;
  disconnect(): void;
}

interface IoredisClient extends IoredisLike {
  disconnect(reconnect: boolean): void;
  duplicate(overrides: object): IoredisSubscriber;
}

interface IoredisCluster extends IoredisLike {
  duplicate(startupNodes: readonly never[], overrides: object): IoredisSubscriber;
}

/** Whatever the application has set for its own commands: what subscribes waits for Redis and subscribes again. */
const SUBSCRIBER = { enableOfflineQueue: true, autoResubscribe: true, lazyConnect: true };

/** @param name of a connection of the package's own */
export function ioredisAdapter(client: IoredisLike, name: string): RedisAdapter {
  const duplicate = client.isCluster
    ? () => (client as IoredisCluster).duplicate([], SUBSCRIBER)
    : () => (client as IoredisClient).duplicate({ ...SUBSCRIBER, connectionName: name });
  return {
    kind: client.isCluster ? 'an ioredis cluster' : 'an ioredis client',
    get isReady() {
      // One that connects lazily does so with its first command.
      return client.status === 'ready' || client.status === 'wait';
    },
    // Older ones find the keys only of a command in lower case.
    send: ([command = '', ...values]) => client.call(command.toLowerCase(), ...values),
    newSubscriber: (listener) => ioredisSubscriber(duplicate(), listener),
    // A cluster follows a failover by itself.
    ...(!client.isCluster && { leaveDemoted: () => (client as IoredisClient).disconnect(true) }),
    close: () => undefined,
  };
}

function ioredisSubscriber(
  client: IoredisSubscriber,
  { channel, received, connected }: RedisListener,
): RedisSubscriber {
  client.on('error', () => undefined);
  client.on('ready', connected);
  client.on('message', (from, message) => from === channel && received(message));
  return {
    get isReady() {
      return client.status === 'ready';
    },
    get isOpen() {
      return client.status !== 'end';
    },
    open: async () => {
      if (client.status === 'end') await client.connect();
      await client.subscribe(channel);
    },
    close: () => client.disconnect(),
  };
}
