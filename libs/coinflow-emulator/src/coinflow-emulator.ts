import type { FastifyInstance } from 'fastify';
import type { EmulatorCall } from './calls.js';
import type { EmulatorParts } from './emulator-parts.js';
import type { EmulatorEndpoint, EmulatorFault } from './faults.js';
import type { EmulatorMerchant } from './merchants.js';
import type { EmulatorIssuance } from './issuance.js';
import type { EmulatorBlocking } from './operations/blocks.js';
import type { EmulatorOperation } from './operations/operations.js';
import type { EmulatorPayment } from './operations/payments.js';
import type { EmulatorWithdrawer } from './operations/withdrawers.js';
import type { EmulatorLimits } from './rate-limits.js';
import type { EmulatorResponse } from './responses.js';
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

/** A running emulator. Each emulator has its own secret and rejects the session keys of others. */
export class CoinflowEmulator {
  /** The base URL for clients, such as `http://127.0.0.1:4010`. */
  readonly url: string;
  readonly merchants: readonly EmulatorMerchant[];

  readonly #server: FastifyInstance;
  readonly #parts: EmulatorParts;

  /** @internal Use `startCoinflowEmulator()`. */
  constructor(url: string, server: FastifyInstance, parts: EmulatorParts) {
    this.url = url;
    this.merchants = parts.merchants.all;
    this.#server = server;
    this.#parts = parts;
  }

  /** The newest calls, at most 10,000, with secrets masked. */
  get calls(): readonly EmulatorCall[] {
    return this.#parts.log.calls;
  }

  /** The number of calls of an endpoint since startup or since {@link clearCalls}. */
  countCalls(endpoint: EmulatorEndpoint): number {
    return this.#parts.log.count(endpoint);
  }

  clearCalls(): void {
    this.#parts.log.clear();
  }

  /**
   * Makes an endpoint or an operation fail until {@link heal}.
   * @param times the number of failures; by default every call fails
   * @throws `RangeError` for an unknown operation, naming the closest ones
   * @example
   * coinflow.fail('verify', { kind: 'status', status: 503 });
   * coinflow.fail('POST /checkout/card/{merchantId}', { kind: 'reset', afterProcessing: true }, 1);
   */
  fail(endpoint: EmulatorEndpoint, fault: EmulatorFault, times = Infinity): void {
    this.#parts.faults.set(endpoint, fault, times);
  }

  /** Ends all faults. */
  heal(): void {
    this.#parts.faults.clear();
  }

  /**
   * Replaces the response of an operation. It is sent after the credentials were checked; the operation itself is not run.
   * @param response by default 200 with the body `{}`
   * @param times the number of calls; by default every call
   * @throws `RangeError` for an unknown operation, naming the closest ones
   * @example
   * coinflow.respond('POST /checkout/token/{merchantId}', { status: 410, body: { message: 'CVV expired' } }, 1);
   */
  respond(operation: EmulatorOperation, response: EmulatorResponse, times = Infinity): void {
    this.#parts.responses.set(operation, response, times);
  }

  /** Removes the responses of {@link respond}. */
  clearResponses(): void {
    this.#parts.responses.clear();
  }

  /** The charges of `POST /checkout/card/{merchantId}`, at most the newest 10,000. */
  get payments(): readonly EmulatorPayment[] {
    return this.#parts.payments.all;
  }

  /**
   * Creates a withdrawer for `GET /withdraw`, or changes the withdrawer of the wallet.
   * @throws `RangeError` for an unknown verification
   * @example
   * coinflow.setWithdrawer({ wallet, verification: 'pending' }); // 451
   * coinflow.setWithdrawer({ wallet, verification: 'approved' }); // 200
   */
  setWithdrawer(withdrawer: EmulatorWithdrawer): void {
    this.#parts.withdrawers.set(withdrawer);
  }

  /**
   * Sets what blocking a user does, until {@link reset}.
   * @example
   * coinflow.setBlocking({ endsSessions: true });
   */
  setBlocking(settings: Partial<EmulatorBlocking>): void {
    this.#parts.blocks.set(settings);
  }

  /** Creates a validly signed session key with any claims, such as an expired one or one of another merchant. */
  signSessionKey(claims: SessionKeyClaims): string {
    return this.#parts.issuance.sign(claims);
  }

  /**
   * Moves the emulator's clock. It applies to session keys, messages, webhook signatures, rate limits and the `Date`
   * header.
   * @param ms the difference to the clock of this machine; negative is behind
   * @throws `RangeError` unless it is an integer within 50 years
   */
  setClockOffset(ms: number): void {
    this.#parts.clock.setOffset(ms);
  }

  /**
   * Changes the format, lifetime and claims of new session keys until {@link reset}. Settings that are left out get their
   * initial value.
   * @throws `RangeError` naming the invalid setting
   * @example
   * coinflow.setIssuance({ form: 'opaque', lifetimeSeconds: 60 });
   * coinflow.setIssuance({ claims: { merchantId: null, customerId: 42 } });
   */
  setIssuance(settings: Partial<EmulatorIssuance>): void {
    this.#parts.issuance.set(settings);
  }

  /**
   * Changes the given rate limits and resets the counters.
   * @throws `RangeError` naming the invalid limit
   */
  setLimits(limits: Partial<EmulatorLimits>): void {
    this.#parts.limits.set(limits);
  }

  /**
   * Registers a URL that receives webhooks. A URL that is already registered gets the new key and settings and keeps its
   * id, so that it receives each event once.
   * @returns the endpoint with its signing key
   * @throws `RangeError` unless it is a URL of this machine
   */
  registerWebhook(registration: EmulatorWebhookRegistration): EmulatorWebhookEndpoint {
    return this.#parts.webhooks.endpoints.register(registration);
  }

  /** The registered webhook endpoints. */
  get webhookEndpoints(): readonly EmulatorWebhookEndpoint[] {
    return this.#parts.webhooks.endpoints.all;
  }

  /** Removes all webhook endpoints. */
  clearWebhooks(): void {
    this.#parts.webhooks.endpoints.clear();
  }

  /**
   * Sends an event to the registered endpoints. Retries until the response is 200, as Coinflow does, but faster.
   * @returns one result for each endpoint, after the last attempt
   * @throws `RangeError` naming the invalid setting, or if no endpoint is registered
   * @example
   * await coinflow.sendWebhook({ eventType: 'Settled', data: { customerId: 'alice', subtotal: { cents: 500 } } });
   * await coinflow.sendWebhook({ eventType: 'Refund' }, { copies: 3, newCreated: true });
   */
  sendWebhook(event: EmulatorWebhookEvent, sending?: EmulatorWebhookSending): Promise<EmulatorWebhookResult[]> {
    return this.#parts.webhooks.send([event], sending);
  }

  /**
   * Sends events one after the other in the given order. Coinflow guarantees no order.
   * @throws `RangeError` naming the invalid setting, or if no endpoint is registered
   */
  sendWebhooks(
    events: readonly EmulatorWebhookEvent[],
    { order, ...sending }: EmulatorWebhookSending & { order?: EmulatorWebhookOrder } = {},
  ): Promise<EmulatorWebhookResult[]> {
    return this.#parts.webhooks.send(events, sending, order);
  }

  /** The newest 1,000 delivery attempts with their responses. */
  get webhookAttempts(): readonly EmulatorWebhookAttempt[] {
    return this.#parts.webhooks.log;
  }

  /**
   * Restores the initial state: removes faults, responses, calls, messages, payments, customers and blocks, resets clock and settings, and cancels webhook
   * retries. Session keys stay valid, and webhook endpoints stay registered.
   */
  reset(): void {
    this.#parts.reset();
  }

  /** Closes all connections and stops the server. */
  close(): Promise<void> {
    this.#parts.webhooks.cancel();
    return this.#server.close();
  }
}
