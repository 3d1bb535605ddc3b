import type { FastifyInstance } from 'fastify';
import type { EmulatorCall } from './calls.js';
import type { EmulatorParts } from './emulator-parts.js';
import type { EmulatorEndpoint, EmulatorFault } from './faults.js';
import type { EmulatorMerchant } from './merchants.js';
import type { EmulatorIssuance } from './issuance.js';
import type { EmulatorLimits } from './rate-limits.js';
import type { SessionKeyClaims } from './session-keys.js';
import type {
  EmulatorWebhookAttempt,
  EmulatorWebhookEndpoint,
  EmulatorWebhookEvent,
  EmulatorWebhookOrder,
  EmulatorWebhookRegistration,
  EmulatorWebhookResult,
  EmulatorWebhookSending,
} from './webhooks/webhook-options.js';

/** A running emulator. Each has a secret of its own: a session key of one is forged for every other. */
export class CoinflowEmulator {
  /** The base URL to give to clients, such as `http://127.0.0.1:4010`. */
  readonly url: string;
  readonly merchants: readonly EmulatorMerchant[];

  readonly #server: FastifyInstance;
  readonly #parts: EmulatorParts;

  /** @internal Use `startCoinflowEmulator`. */
  constructor(url: string, server: FastifyInstance, parts: EmulatorParts) {
    this.url = url;
    this.merchants = parts.merchants.all;
    this.#server = server;
    this.#parts = parts;
  }

  /** The newest calls, at most 10,000, secrets masked. */
  get calls(): readonly EmulatorCall[] {
    return this.#parts.log.calls;
  }

  /** How often an endpoint was called since the start, or since {@link clearCalls}. */
  countCalls(endpoint: EmulatorEndpoint): number {
    return this.#parts.log.count(endpoint);
  }

  clearCalls(): void {
    this.#parts.log.clear();
  }

  /**
   * Makes an endpoint fail until {@link heal}.
   * @param times how often; without it, every time
   */
  fail(endpoint: EmulatorEndpoint, fault: EmulatorFault, times = Infinity): void {
    this.#parts.faults.set(endpoint, fault, times);
  }

  /** Ends all faults. */
  heal(): void {
    this.#parts.faults.clear();
  }

  /** Makes a validly signed session key with any claims: an expired one, another merchant's, one without `exp`. */
  signSessionKey(claims: SessionKeyClaims): string {
    return this.#parts.issuance.sign(claims);
  }

  /**
   * Moves the emulator's clock: what is signed and checked, expiry of messages, windows of rate limits, and the `Date`
   * of its answers.
   * @param ms ahead of this machine's clock; 0 is no difference, negative is behind
   * @throws {RangeError} when it is not a whole number within 50 years
   */
  setClockOffset(ms: number): void {
    this.#parts.clock.setOffset(ms);
  }

  /**
   * Mints differently until it is called again, or until {@link reset}. What is not given is as at the start.
   * @throws {RangeError} naming the setting that cannot be
   * @example
   * coinflow.setIssuance({ form: 'opaque', lifetimeSeconds: 60 });
   * coinflow.setIssuance({ claims: { merchantId: null, customerId: 42 } });
   */
  setIssuance(settings: Partial<EmulatorIssuance>): void {
    this.#parts.issuance.set(settings);
  }

  /**
   * Changes the rate limits that are given, and begins to count anew.
   * @throws {RangeError} naming the limit that cannot be
   */
  setLimits(limits: Partial<EmulatorLimits>): void {
    this.#parts.limits.set(limits);
  }

  /**
   * Makes a URL one that webhooks are sent to. A URL that is registered already gets the new key and settings, and keeps
   * its id: each event comes once.
   * @returns the endpoint, with the key that signs
   * @throws {RangeError} when it is not a URL of this machine
   */
  registerWebhook(registration: EmulatorWebhookRegistration): EmulatorWebhookEndpoint {
    return this.#parts.webhooks.endpoints.register(registration);
  }

  /** Where webhooks are sent to. */
  get webhookEndpoints(): readonly EmulatorWebhookEndpoint[] {
    return this.#parts.webhooks.endpoints.all;
  }

  /** Sends nothing to the registered endpoints any more. */
  clearWebhooks(): void {
    this.#parts.webhooks.endpoints.clear();
  }

  /**
   * Sends an event to the registered endpoints, again and again until it is answered 200, as Coinflow does, but faster.
   * @returns one result for each endpoint, once it is acknowledged or given up
   * @throws {RangeError} naming what cannot be, or when no endpoint is registered
   * @example
   * await coinflow.sendWebhook({ eventType: 'Settled', data: { customerId: 'alice', subtotal: { cents: 500 } } });
   * await coinflow.sendWebhook({ eventType: 'Refund' }, { copies: 3, newCreated: true });
   */
  sendWebhook(event: EmulatorWebhookEvent, sending?: EmulatorWebhookSending): Promise<EmulatorWebhookResult[]> {
    return this.#parts.webhooks.send([event], sending);
  }

  /**
   * Sends events one after the other, in an order of choice: Coinflow promises none.
   * @throws {RangeError} naming what cannot be, or when no endpoint is registered
   */
  sendWebhooks(
    events: readonly EmulatorWebhookEvent[],
    { order, ...sending }: EmulatorWebhookSending & { order?: EmulatorWebhookOrder } = {},
  ): Promise<EmulatorWebhookResult[]> {
    return this.#parts.webhooks.send(events, sending, order);
  }

  /** The newest 1,000 times that a webhook was sent, and how each was answered. */
  get webhookAttempts(): readonly EmulatorWebhookAttempt[] {
    return this.#parts.webhooks.log;
  }

  /**
   * Makes all as it was at the start: no faults, calls or messages, clock and settings as they were; webhooks that wait for
   * their next try are given up. Session keys stay good, and endpoints of webhooks registered.
   */
  reset(): void {
    this.#parts.reset();
  }

  /** Ends all connections and stops. */
  close(): Promise<void> {
    this.#parts.webhooks.cancel();
    return this.#server.close();
  }
}
