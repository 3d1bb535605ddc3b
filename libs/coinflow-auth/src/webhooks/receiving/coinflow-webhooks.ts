import type { OnApplicationBootstrap, OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { isCoinflowAuthError } from '../../errors/coinflow-auth.errors.js';
import type { DeliveryStore } from '../../options/delivery-store.js';
import type { ResolvedCoinflowAuthOptions } from '../../options/resolve-options.js';
import type { ResolvedWebhookOptions } from '../../options/webhook-options.js';
import { DeliveryRunner, type DeliveryOutcome, type DeliveryRun } from '../deliveries/delivery-runner.js';
import { ProcessDeliveryStore } from '../deliveries/process-delivery-store.js';
import { deliveryIdOf } from '../events/delivery-id.js';
import { parseEvent } from '../events/parse-event.js';
import type { CoinflowWebhookEvent } from '../events/webhook-event.js';
import type { EventHandlers } from '../handlers/event-handlers.js';
import { verifyWebhookSignature } from '../signature/webhook-signature.js';
import { HandlerFailure } from './handler-failure.js';
import { WebhookLog } from './webhook-log.js';
import type { CoinflowWebhookMetrics } from './webhook-metrics.js';
import { rawBodyOf, type WebhookRequest } from './webhook-request.js';

/** Where no lease is there to be lost. */
const UNREMEMBERED: DeliveryRun = { fencingToken: 0, signal: new AbortController().signal };

/**
 * Receives the webhooks of an instance. Its routes do that by themselves, with `@CoinflowWebhook()`; inject it for its
 * figures.
 */
export class CoinflowWebhooks implements OnModuleInit, OnApplicationBootstrap, OnApplicationShutdown {
  readonly #options: ResolvedWebhookOptions | undefined;
  readonly #scope: readonly string[];
  readonly #findHandlers: () => EventHandlers;
  readonly #runner: DeliveryRunner | undefined;
  readonly #log = new WebhookLog();
  #handlers: EventHandlers | undefined;

  /** @internal Nest makes it. */
  constructor({ env, merchantId, webhook }: ResolvedCoinflowAuthOptions, findHandlers: () => EventHandlers) {
    this.#options = webhook;
    this.#scope = [env, merchantId];
    this.#findHandlers = findHandlers;
    if (webhook && webhook.deliveries !== false) {
      this.#runner = new DeliveryRunner(webhook.deliveries ?? new ProcessDeliveryStore());
    }
  }

  /** Whether there is a key to verify webhooks with. */
  get isConfigured(): boolean {
    return this.#options !== undefined;
  }

  /** Whether deliveries can be remembered, as far as their store tells: what it cannot do now is answered 503. */
  get isStoreAvailable(): boolean | undefined {
    return this.#store?.isAvailable;
  }

  /** How often what has happened to webhooks, since the application started. */
  metrics(): CoinflowWebhookMetrics {
    return { ...this.#log.metrics };
  }

  onModuleInit(): void {
    this.#handlers ??= this.#findHandlers();
  }

  /** Nobody waits for it: the application starts while the store is down. */
  onApplicationBootstrap(): void {
    void this.#openStore().catch((error: unknown) => this.#log.storeFailed(error));
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#store?.close?.();
  }

  /**
   * The event of a request that is proven to be Coinflow's. For guards.
   * @param isRemembered whether the delivery will be: only then may the signature be old
   * @throws {CoinflowWebhookUnsupportedTypeError | CoinflowWebhookSignatureInvalidError | CoinflowWebhookSignatureTooOldError | CoinflowWebhookUnreadableError}
   * @throws {CoinflowMisconfiguredError} when the application keeps no raw body, or there is no key
   */
  receive(request: WebhookRequest, isRemembered: boolean): CoinflowWebhookEvent {
    try {
      const rawBody = rawBodyOf(request);
      const options = this.#options;
      verifyWebhookSignature({
        rawBody,
        headers: request.headers,
        keys: options?.keys() ?? [],
        proofs: options?.proofs,
        toleranceMs: isRemembered ? options?.toleranceMs : options?.unrememberedToleranceMs,
      });
      const parsed = parseEvent(rawBody);
      return Object.freeze({ ...parsed, deliveryId: deliveryIdOf(parsed, rawBody, this.#scope), ...UNREMEMBERED });
    } catch (error) {
      if (isCoinflowAuthError(error)) this.#log.refused(error);
      throw error;
    }
  }

  /**
   * Runs the handlers of an event and then `route`, unless the event has succeeded before. For interceptors.
   * @throws {CoinflowWebhookBusyError | CoinflowWebhookStoreUnavailableError} when it must be sent again
   * @throws {HandlerFailure} when a handler or the route failed
   */
  async deliver<T>(
    event: CoinflowWebhookEvent,
    route: (event: CoinflowWebhookEvent) => Promise<T>,
  ): Promise<DeliveryOutcome<T>> {
    const { metrics } = this.#log;
    try {
      const run = (details: DeliveryRun): Promise<T> => this.#run(Object.freeze({ ...event, ...details }), route);
      const outcome = this.#runner
        ? await this.#runner.run(event.deliveryId, run)
        : { repeated: false as const, value: await run(UNREMEMBERED) };
      if (outcome.repeated) metrics.repeated += 1;
      else metrics.succeeded += 1;
      return outcome;
    } catch (error) {
      if (error instanceof HandlerFailure) metrics.failed += 1;
      else this.#log.notRun(error, event);
      throw error;
    }
  }

  get #store(): DeliveryStore | undefined {
    return this.#options?.deliveries || undefined;
  }

  /** A promise even where the store throws at once. */
  async #openStore(): Promise<void> {
    await this.#store?.open?.();
  }

  /** One after the other: the first that fails ends the run, and none is running any more when the delivery is given back. */
  async #run<T>(event: CoinflowWebhookEvent, route: (event: CoinflowWebhookEvent) => Promise<T>): Promise<T> {
    const handlers = this.#handlers?.for(event) ?? [];
    try {
      for (const handle of handlers) await handle(event);
      const value = await route(event);
      if (handlers.length === 0) this.#log.metrics.unhandled += 1;
      return value;
    } catch (error) {
      this.#log.failed(error, event);
      throw new HandlerFailure(error);
    }
  }
}
