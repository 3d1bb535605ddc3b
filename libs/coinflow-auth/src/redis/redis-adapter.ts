/** As much of Redis as is used, whichever library and kind of client reaches it. */
export interface RedisAdapter {
  /** What the client is, for messages: `an ioredis cluster`. */
  readonly kind: string;
  /** Whether a command would be sent now, as far as the client can tell. */
  readonly isReady: boolean;
  /** Once there was time to connect, or the attempt has failed; only where the connection is the package's own. */
  connect?(): Promise<void>;
  /** Closes the connection and opens another; only where it is the package's own. */
  reconnect?(): void;
  /**
   * Leaves a server that a failover has demoted: closes the connection, so that the client connects again as its options say.
   * Only where the client would stay.
   */
  leaveDemoted?(): void;
  /**
   * Makes a cluster find the node of a command that was not answered. Only where it would wait for a node that is down.
   * @param command as it was sent
   */
  rediscover?(command: readonly string[]): void;
  /**
   * @param command the name of a command and its arguments, with a key
   * @param signal aborted when nobody waits any more: what was not sent by then should not be sent
   */
  send(command: readonly string[], signal: AbortSignal): Promise<unknown>;
  /** A connection that subscribes and does nothing else; `undefined` where the kind has no pub/sub. */
  readonly newSubscriber: ((listener: RedisListener) => RedisSubscriber) | undefined;
  /** Closes what the package has opened. */
  close(): void;
}

/** A connection that receives the messages of one channel. */
export interface RedisSubscriber {
  readonly isReady: boolean;
  /** Connected or about to be; otherwise it is not opened yet, or has given up. */
  readonly isOpen: boolean;
  /** Connects unless it is open, and subscribes; may be repeated. */
  open(): Promise<unknown>;
  close(): void;
}

/** What a subscriber is opened with. */
export interface RedisListener {
  readonly channel: string;
  readonly received: (message: string) => void;
  /** It has connected, or has connected again: messages from before are lost. */
  readonly connected: () => void;
}
