import { Logger } from '@nestjs/common';
import { safeText } from '../http/redact.js';
import {
  RedisUnreachableError,
  closeClient,
  inTime,
  ownClient,
  type OwnClient,
  type RedisClientLike,
  type RedisConnectionOptions,
} from './redis-client.js';
import { RedisSubscription, type RedisListener } from './redis-subscription.js';

/** Sends commands to Redis, and gives up those that it does not answer in a second. */
export class RedisConnection {
  readonly #logger = new Logger('CoinflowAuth');
  readonly #client: RedisClientLike;
  readonly #own: OwnClient | undefined;
  #connecting: Promise<unknown> | undefined;
  #isClosed = false;
  #isAway = false;

  /** @throws {TypeError} when the options name no Redis, or two */
  constructor({ url, client }: RedisConnectionOptions) {
    if ((url === undefined) === (client === undefined)) {
      throw new TypeError('Give either the url of a Redis or a client of node-redis');
    }
    if (client !== undefined) {
      if (typeof client.sendCommand !== 'function' || typeof client.isReady !== 'boolean') {
        throw new TypeError('client must be one of node-redis 5, of one Redis and no cluster');
      }
      this.#client = client;
      return;
    }
    this.#own = ownClient(url);
    // Without a listener the process ends.
    this.#own.on('error', (error: Error & { code?: string }) => this.#lost(error));
    this.#own.on('ready', () => (this.#isAway = false));
    this.#client = this.#own;
  }

  /**
   * Connects when it is first used, so that an application starts while Redis is down.
   * @throws {RedisUnreachableError} when the connection is lost, also when it breaks during the command
   * @throws what Redis answers, when that is an error
   */
  async command(...command: string[]): Promise<unknown> {
    await this.#connect();
    // What a client keeps for later would be sent when nobody waits for it any more: a lease that nobody has, say.
    if (!this.#client.isReady) throw new RedisUnreachableError();
    try {
      return await inTime(this.#client.sendCommand(command));
    } catch (error) {
      // Only an answer of Redis leaves the connection as it was.
      throw this.#client.isReady || error instanceof RedisUnreachableError ? error : new RedisUnreachableError(error);
    }
  }

  /** Listens over a connection of its own, as soon as there is one. */
  subscribe(channel: string, listener: RedisListener): RedisSubscription {
    return new RedisSubscription(this.#client.duplicate(), channel, listener);
  }

  close(): void {
    this.#isClosed = true;
    if (this.#own) closeClient(this.#own);
  }

  /** For a second the first who come wait for the connection; afterwards it is there, or it is not. */
  async #connect(): Promise<void> {
    if (!this.#own || this.#isClosed) return;
    this.#connecting ??= inTime(this.#own.connect()).catch(() => undefined);
    await this.#connecting;
  }

  /** Once, however often it tries: what fails for it does not know why (a password, say). */
  #lost({ code, message }: Error & { code?: string }): void {
    if (!this.#isAway) this.#logger.warn(`Redis cannot be reached: ${safeText(code ?? message, [])} [redis-away]`);
    this.#isAway = true;
  }
}
