import type { RedisListener, RedisSubscriber } from './redis-adapter.js';
import { RedisUnreachableError, inTime, isDenied } from './redis-errors.js';

/** A subscription to one channel, over one connection after the other. */
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

  /** Whether Redis has denied it when it was last tried. */
  get isDenied(): boolean {
    return this.#isDenied;
  }

  /** Rejects while messages are not received. */
  async ready(): Promise<void> {
    if (this.#isClosed) throw new RedisUnreachableError(new Error('Closed'));
    // A client whose strategy is to give up is connected anew.
    if (!this.#subscriber.isOpen) this.#opening = undefined;
    this.#opening ??= this.#open();
    await inTime(this.#opening);
    if (!this.#subscriber.isReady) throw new RedisUnreachableError();
  }

  /** For a connection that is open, and over which nothing arrives. */
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
