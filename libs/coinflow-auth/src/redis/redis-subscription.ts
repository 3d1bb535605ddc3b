import { RedisUnreachableError, closeClient, inTime, type RedisSubscriberLike } from './redis-client.js';

/** What a subscription tells. */
export interface RedisListener {
  received(message: string): void;
  /** Connected, or again: messages from before are lost. */
  connected(): void;
}

/** A connection that listens to one channel. */
export class RedisSubscription {
  readonly #client: RedisSubscriberLike;
  readonly #channel: string;
  /** One for all attempts: a client that has it already adds no second. */
  readonly #received: (message: string) => void;
  #listening: Promise<unknown> | undefined;

  constructor(client: RedisSubscriberLike, channel: string, listener: RedisListener) {
    this.#client = client;
    this.#channel = channel;
    this.#received = (message) => listener.received(message);
    // Without a listener the process ends; whoever asks whether it listens is told.
    client.on('error', () => undefined);
    client.on('ready', () => listener.connected());
  }

  /** Rejects while it does not listen. */
  async ready(): Promise<void> {
    // A client whose strategy is to give up is connected anew.
    if (!this.#client.isOpen) this.#listening = undefined;
    this.#listening ??= this.#listen();
    await inTime(this.#listening);
    if (!this.#client.isReady) throw new RedisUnreachableError();
  }

  close(): void {
    closeClient(this.#client);
  }

  async #listen(): Promise<void> {
    try {
      if (!this.#client.isOpen) await this.#client.connect();
      await this.#client.subscribe(this.#channel, this.#received);
    } catch (error) {
      this.#listening = undefined;
      throw error;
    }
  }
}
