import { randomBytes, randomUUID } from 'node:crypto';
import { isLoopbackUrl } from '../hosts.js';
import type { EmulatorWebhookEndpoint, EmulatorWebhookRegistration } from './webhook-options.js';

/** The registered webhook endpoints. */
export class WebhookEndpoints {
  #all: readonly EmulatorWebhookEndpoint[] = [];

  get all(): readonly EmulatorWebhookEndpoint[] {
    return this.#all;
  }

  /**
   * Registers one endpoint for each URL. A second registration replaces the key and settings and keeps the id.
   * @throws `RangeError` unless the URL is on this machine: the emulator must not send requests to other machines
   */
  register(registration: EmulatorWebhookRegistration): EmulatorWebhookEndpoint {
    const { url, key = randomBytes(24).toString('base64url'), authorization = true, version = 3 } = registration;
    if (!isLoopbackUrl(url))
      throw new RangeError('The url of a webhook endpoint must be an http:// or https:// URL of this machine.');
    const index = this.#all.findIndex((one) => new URL(one.url).href === new URL(url).href);
    const id = this.#all[index]?.id ?? randomUUID();
    const endpoint = Object.freeze({ id, url, key, authorization, version });
    this.#all = index === -1 ? [...this.#all, endpoint] : this.#all.with(index, endpoint);
    return endpoint;
  }

  /** @throws `RangeError` if no endpoint has this id, or none is registered */
  find(id: string | undefined): readonly EmulatorWebhookEndpoint[] {
    const found = id === undefined ? this.#all : this.#all.filter((endpoint) => endpoint.id === id);
    if (found.length === 0) throw new RangeError('No such webhook endpoint is registered.');
    return found;
  }

  clear(): void {
    this.#all = [];
  }
}
