/** A client, cluster, sentinel or pool of node-redis 5 or 6. Connect it and give it an `error` listener. */
export interface NodeRedisLike {
  readonly isOpen: boolean;
  sendCommand(...command: never[]): Promise<unknown>;
}

/** A client or cluster of ioredis 5 or 6. Give it an `error` listener. */
export interface IoredisLike {
  readonly status: string;
  readonly isCluster: boolean;
  call(command: string, ...values: string[]): Promise<unknown>;
}

/** Which Redis to use: a `url`, to which the package connects, or a `client` that you connect and close. */
export type RedisConnectionOptions = {
  /**
   * The prefix of every key and channel. Set it for a Redis that several applications share, or that grants access by prefix.
   * @default 'coinflow:'
   */
  prefix?: string | undefined;
} & (
  | {
      /**
       * `redis://127.0.0.1:6379`, or `rediss://user:password@redis.example.com:6380/2` for TLS, a user and a database.
       * Percent-encode the password. Needs the package `@redis/client`.
       */
      url: string;
      client?: undefined;
    }
  | {
      /** A client of node-redis or ioredis. The shared store opens one more connection to subscribe; a pool cannot do that. */
      client: NodeRedisLike | IoredisLike;
      url?: undefined;
    }
);

const DEFAULT_PREFIX = 'coinflow:';

/** @throws `TypeError` when the prefix is invalid */
export function prefixOf({ prefix = DEFAULT_PREFIX }: { prefix?: unknown }): string {
  // A brace would change the slot of a key in a cluster.
  if (typeof prefix !== 'string' || !/^[^{}\s\p{Cc}]{1,100}$/u.test(prefix)) {
    throw new TypeError('prefix must be 1 to 100 characters without braces and whitespace');
  }
  return prefix;
}

/** The parts of a Redis URL. */
export interface RedisAddress {
  readonly socket: { readonly host: string; readonly port: number; readonly tls: boolean };
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly database: number;
}

/** @throws `TypeError` when `url` is not a Redis URL. The message does not repeat it, because it may contain a password. */
export function parseRedisUrl(url: unknown): RedisAddress {
  const address = typeof url === 'string' && URL.canParse(url) ? readUrl(new URL(url)) : undefined;
  if (!address) {
    throw new TypeError(
      'url must be a Redis URL with a percent-encoded password: redis://user:password@host:port/database or rediss://...',
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
  // An @ after the host, or a #, belongs to a password that is not encoded; its beginning would be taken for the host.
  const isEncoded = hostname !== '' && hash === '' && !search.includes('@');
  if (!/^rediss?:$/.test(protocol) || !isEncoded || database === undefined || credentials.includes(undefined))
    return undefined;
  return {
    socket: { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 6379), tls: protocol === 'rediss:' },
    username: credentials[0] || undefined,
    password: credentials[1] || undefined,
    database: Number(database),
  };
}

function decoded(value: string): string | undefined {
  try {
    return decodeURIComponent(value);
  } catch {
    return undefined;
  }
}
