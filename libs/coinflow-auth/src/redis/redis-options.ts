/** A client, cluster, sentinel or pool of node-redis 5 or 6, connected by the application; give it an `error` listener. */
export interface NodeRedisLike {
  readonly isOpen: boolean;
  sendCommand(...command: never[]): Promise<unknown>;
}

/** A client of ioredis 5 or 6, or its cluster; give it an `error` listener. */
export interface IoredisLike {
  readonly status: string;
  readonly isCluster: boolean;
  call(command: string, ...values: string[]): Promise<unknown>;
}

/** Which Redis: a URL, over a connection of the package's own; or a client of yours, which is yours to connect and to close. */
export type RedisConnectionOptions = {
  /**
   * What every key, and every channel, begins with: for a Redis that several applications share, or that grants access by prefix.
   * @default 'coinflow:'
   */
  prefix?: string | undefined;
} & (
  | {
      /**
       * Such as `redis://127.0.0.1:6379` or `rediss://user:password@redis.example.com:6380/2`, with a percent-encoded password. Needs
       * `@redis/client`, which is loaded only then.
       */
      url: string;
      client?: undefined;
    }
  | {
      /** Of node-redis or ioredis. The shared store adds a connection of its own that subscribes, which a pool cannot give. */
      client: NodeRedisLike | IoredisLike;
      url?: undefined;
    }
);

const DEFAULT_PREFIX = 'coinflow:';

/** @throws {TypeError} when keys cannot begin so */
export function prefixOf({ prefix = DEFAULT_PREFIX }: { prefix?: unknown }): string {
  // A brace would change which part of a key decides about its slot in a cluster.
  if (typeof prefix !== 'string' || !/^[^{}\s\p{Cc}]{1,100}$/u.test(prefix)) {
    throw new TypeError('prefix must be 1 to 100 characters without braces and whitespace');
  }
  return prefix;
}

/** Where a Redis is, and who connects. */
export interface RedisAddress {
  readonly socket: { readonly host: string; readonly port: number; readonly tls: boolean };
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly database: number;
}

/** @throws {TypeError} when it is no URL of a Redis; without the URL, for there may be a password in it */
export function parseRedisUrl(url: unknown): RedisAddress {
  const address = typeof url === 'string' && URL.canParse(url) ? readUrl(new URL(url)) : undefined;
  if (!address) {
    throw new TypeError(
      'url must be one of a Redis: redis://user:password@host:port/database or rediss://..., with the password percent-encoded',
    );
  }
  return address;
}

function readUrl({
  protocol,
  hostname,
  port,
  username,
  password,
  pathname,
  search,
  hash,
}: URL): RedisAddress | undefined {
  const database = /^\/?(\d{0,5})$/.exec(pathname)?.[1];
  const credentials = [username, password].map(decoded);
  // An @ behind the host, or a #, is of a password that is not encoded: its beginning would be taken for the host.
  const isWhole = hostname !== '' && hash === '' && !search.includes('@');
  if (!/^rediss?:$/.test(protocol) || !isWhole || database === undefined || credentials.includes(undefined))
    return undefined;
  return {
    socket: { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 6379), tls: protocol === 'rediss:' },
    username: credentials[0] || undefined,
    password: credentials[1] || undefined,
    database: Number(database),
  };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
