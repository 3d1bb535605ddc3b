import { RedisUnreachableError, isDenied, withCommandTimeout } from './redis-errors.js';

/** The operations that the package needs of a Redis client, whichever library and kind it is of. */
export interface RedisAdapter {
  /** The kind of the client, for messages: `an ioredis cluster`. */
  readonly kind: string;
  /** Whether the client would send a command now, as far as it can tell. */
  readonly isReady: boolean;
  /** Resolves once the client is connected or the attempt has failed. Only for connections that the package opens. */
  connect?(): Promise<void>;
  /** Closes the connection and opens another. Only for connections that the package opens. */
  reconnect?(): void;
  /**
   * Closes the connection to a server that a failover has demoted, so that the client connects again. Only for clients that
   * would stay connected to it.
   */
  leaveDemoted?(): void;
  /**
   * Makes a cluster client look up its nodes after a timeout. Only for clients that would wait for a node that is down.
   * @param command the command that timed out
   */
  rediscover?(command: readonly string[]): void;
  /**
   * @param command the name of a command and its arguments, with a key
   * @param signal aborted at the timeout: a command that was not sent by then must not be sent later
   */
  send(command: readonly string[], signal: AbortSignal): Promise<unknown>;
  /** Creates a connection that only subscribes; `undefined` if this kind of client has no pub/sub. */
  readonly newSubscriber: ((listener: RedisListener) => RedisSubscriber) | undefined;
  /** Closes the connections that the package has opened. */
  close(): void;
}

/** A connection that receives the messages of one channel. */
export interface RedisSubscriber {
  readonly isReady: boolean;
  /** Connected or connecting. `false` before `open()`, and after the client has given up. */
  readonly isOpen: boolean;
  /** Connects if necessary and subscribes. It may be called again. */
  open(): Promise<unknown>;
  close(): void;
}

/** The callbacks of a {@link RedisSubscriber}. */
export interface RedisListener {
  readonly channel: string;
  readonly onMessage: (message: string) => void;
  /** Called at each connection. Messages published while there was none are lost. */
  readonly onConnect: () => void;
}

/** A subscription to one channel that survives the loss of its connection. */
export class RedisSubscription {
  readonly #newSubscriber: (listener: RedisListener) => RedisSubscriber;
  readonly #listener: RedisListener;
  #subscriber: RedisSubscriber;
  #opening: Promise<unknown> | undefined;
  #isDenied = false;
  #isClosed = false;

  constructor(newSubscriber: (listener: RedisListener) => RedisSubscriber, listener: RedisListener) {
    this.#newSubscriber = newSubscriber;
    this.#listener = listener;
    this.#subscriber = newSubscriber(listener);
  }

  /** Whether Redis denied the last attempt to subscribe. */
  get isDenied(): boolean {
    return this.#isDenied;
  }

  /** Resolves while messages are received; rejects while they are not. */
  async ready(): Promise<void> {
    if (this.#isClosed) throw new RedisUnreachableError(new Error('Closed'));
    // A client whose retry strategy has given up must be connected again.
    if (!this.#subscriber.isOpen) this.#opening = undefined;
    this.#opening ??= this.#open();
    await withCommandTimeout(this.#opening);
    if (!this.#subscriber.isReady) throw new RedisUnreachableError();
  }

  /** Replaces a connection that is open but receives nothing. */
  reopen(): void {
    this.#subscriber.close();
    this.#subscriber = this.#newSubscriber(this.#listener);
    this.#opening = undefined;
  }

  close(): void {
    this.#isClosed = true;
    this.#subscriber.close();
  }

  async #open(): Promise<void> {
    const subscriber = this.#subscriber;
    try {
      await subscriber.open();
      this.#isDenied = false;
    } catch (error) {
      this.#isDenied = isDenied(error);
      if (this.#subscriber === subscriber) this.#opening = undefined;
      throw error;
    }
  }
}
