import { randomBytes, randomUUID } from 'node:crypto';
import { isLoopbackUrl } from '../loopback.js';
import type { EmulatorWebhookEndpoint, EmulatorWebhookRegistration } from './webhook-options.js';

/** Who is sent webhooks. */
export class WebhookEndpoints {
  #all: readonly EmulatorWebhookEndpoint[] = [];

  get all(): readonly EmulatorWebhookEndpoint[] {
    return this.#all;
  }

  /** @throws {RangeError} when the URL is not one of this machine: an emulator must not be made to call others */
  register(registration: EmulatorWebhookRegistration): EmulatorWebhookEndpoint {
    const { url, key = randomBytes(24).toString('base64url'), authorization = true, version = 3 } = registration;
    if (!isLoopbackUrl(url))
      throw new RangeError('The url of a webhook must be http:// or https:// and of this machine.');
    const endpoint = Object.freeze({ id: randomUUID(), url, key, authorization, version });
    this.#all = [...this.#all, endpoint];
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
