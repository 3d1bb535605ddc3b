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

/** Overrides the application's options, so that the subscriber waits for Redis and subscribes again. */
const SUBSCRIBER_OPTIONS = { enableOfflineQueue: true, autoResubscribe: true, lazyConnect: true };

/** @param name the name of the connection that the package opens to subscribe */
export function ioredisAdapter(client: IoredisLike, name: string): RedisAdapter {
  const duplicate = client.isCluster
    ? () => (client as IoredisCluster).duplicate([], SUBSCRIBER_OPTIONS)
    : () => (client as IoredisClient).duplicate({ ...SUBSCRIBER_OPTIONS, connectionName: name });
  return {
    kind: client.isCluster ? 'an ioredis cluster' : 'an ioredis client',
    get isReady() {
      // A client with `lazyConnect` connects at its first command.
      return client.status === 'ready' || client.status === 'wait';
    },
    // Older versions find the keys of a command only if its name is in lower case.
    send: ([command = '', ...values]) => client.call(command.toLowerCase(), ...values),
    newSubscriber: (listener) => ioredisSubscriber(duplicate(), listener),
    // A cluster client follows a failover without help.
    ...(!client.isCluster && { leaveDemoted: () => (client as IoredisClient).disconnect(true) }),
    close: () => undefined,
  };
}

function ioredisSubscriber(
  client: IoredisSubscriber,
  { channel, onMessage, onConnect }: RedisListener,
): RedisSubscriber {
  client.on('error', () => undefined);
  client.on('ready', onConnect);
  client.on('message', (from, message) => from === channel && onMessage(message));
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
