import { randomBytes, randomUUID } from 'node:crypto';
import { isLoopbackUrl } from '../loopback.js';
import type { EmulatorWebhookEndpoint, EmulatorWebhookRegistration } from './webhook-options.js';

/** Who is sent webhooks. */
export class WebhookEndpoints {
  #all: readonly EmulatorWebhookEndpoint[] = [];

  get all(): readonly EmulatorWebhookEndpoint[] {
    return this.#all;
  }

  /**
   * One endpoint for each URL: the last registration counts, and the endpoint keeps its id.
   * @throws {RangeError} when the URL is not one of this machine: an emulator must not be made to call others
   */
  register(registration: EmulatorWebhookRegistration): EmulatorWebhookEndpoint {
    const { url, key = randomBytes(24).toString('base64url'), authorization = true, version = 3 } = registration;
    if (!isLoopbackUrl(url))
      throw new RangeError('The url of a webhook must be http:// or https:// and of this machine.');
    const index = this.#all.findIndex((one) => new URL(one.url).href === new URL(url).href);
    const id = this.#all[index]?.id ?? randomUUID();
    const endpoint = Object.freeze({ id, url, key, authorization, version });
    this.#all = index === -1 ? [...this.#all, endpoint] : this.#all.with(index, endpoint);
    return endpoint;
  }

  /** @throws {RangeError} when there is none of this id, or none at all */
  find(id: string | undefined): readonly EmulatorWebhookEndpoint[] {
    const found = id === undefined ? this.#all : this.#all.filter((endpoint) => endpoint.id === id);
    if (found.length === 0) throw new RangeError('No such endpoint of webhooks is registered.');
    return found;
  }

  clear(): void {
    this.#all = [];
  }
}
