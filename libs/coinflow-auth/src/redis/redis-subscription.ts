import type { RedisListener, RedisSubscriber } from './redis-adapter.js';
import { RedisUnreachableError, isDenied, withCommandTimeout } from './redis-errors.js';

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
