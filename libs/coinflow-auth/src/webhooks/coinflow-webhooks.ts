import type {
  BeforeApplicationShutdown,
  OnApplicationBootstrap,
  OnApplicationShutdown,
  OnModuleInit,
} from '@nestjs/common';
import { CoinflowInvalidArgumentError, CoinflowWebhookUnavailableError } from '../errors/coinflow-auth.errors.js';
import type { DeliveryStore } from '../options/store-contracts.js';
import type { ResolvedCoinflowAuthOptions } from '../options/resolve-options.js';
import type { ResolvedWebhookOptions } from '../options/resolve-options.js';
import { TimeoutError, withDeadline, type Deadline } from '../util/promises.js';
import {
  DeliveryRunner,
  handlersRecordId,
  recordPrefixOf,
  routeRecordId,
  type DeliveryOutcome,
  type RecordScope,
} from './delivery-runner.js';
import { HandlerFailure, type EventHandlers } from './event-handlers.js';
import { InMemoryDeliveryStore } from './in-memory-delivery-store.js';
import { deadlineOf, verifyWebhook, type ReceivedWebhook, type WebhookRequest } from './verify-webhook.js';
import { eventOfRun, isDeliveryId, type CoinflowWebhookEvent, type DeliveryLease } from './webhook-event.js';
import { WebhookLog } from './webhook-log.js';
import type { CoinflowWebhookMetrics } from './webhook-metrics.js';

const CLOSE_TIMEOUT_MS = 5_000;
/** Short, because another replica may take the retry at once. */
const SHUTDOWN_RETRY_AFTER_MS = 1_000;

/** The method of a webhook route. */
export interface RouteToRun<T> {
  /** Different for every route of the application. */
  readonly identity: readonly unknown[];
  readonly run: (event: CoinflowWebhookEvent) => Promise<T>;
}

/**
 * Receives the webhooks of an instance. Routes under `@CoinflowWebhook()` use it by themselves. Inject it for its metrics,
 * or to run an event again with `forget()`.
 */
export class CoinflowWebhooks
  implements OnModuleInit, OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown
{
  readonly #options: ResolvedWebhookOptions | undefined;
  readonly #scope: RecordScope;
  readonly #findHandlers: () => EventHandlers;
  readonly #runner: DeliveryRunner | undefined;
  readonly #log: WebhookLog;
  /** The deliveries in progress, including those whose senders have closed the connection. */
  readonly #inProgress = new Set<Promise<unknown>>();
  #isShuttingDown = false;
  #handlers: EventHandlers | undefined;

  /** @internal Created by the module. */
  constructor(
    { env, merchantId, webhook }: ResolvedCoinflowAuthOptions,
    instance: string | undefined,
    findHandlers: () => EventHandlers,
  ) {
    this.#options = webhook;
    this.#scope = { env, merchantId, consumer: webhook?.consumer, instance };
    this.#findHandlers = findHandlers;
    this.#log = new WebhookLog(instance);
    if (webhook && webhook.deliveries !== false) {
      this.#runner = new DeliveryRunner(webhook.deliveries ?? new InMemoryDeliveryStore());
    }
  }

  /** Whether there is a key to verify webhooks with. */
  get isConfigured(): boolean {
    return this.#options !== undefined;
  }

  /** Whether the delivery store is available; `undefined` if it does not report that. While it is not: 503. */
  get isStoreAvailable(): boolean | undefined {
    return this.#store?.isAvailable;
  }

  /** Counters of received webhooks since the application started. */
  metrics(): CoinflowWebhookMetrics {
    return this.#log.metrics;
  }

  /**
   * Deletes the record that an event has succeeded, for this consumer and instance. Its handlers and routes run again when
   * Coinflow sends it again. Use it after fixing a handler, then resend the event from the dashboard. A run that is in
   * progress keeps its lease. With `deliveries: false` there is no record, and nothing happens.
   * @param deliveryId the id of the delivery, from the log or `event.deliveryId`
   * @throws {@link CoinflowInvalidArgumentError} when `deliveryId` does not have the format of an id
   * @throws {@link CoinflowWebhookStoreUnavailableError} when the delivery store is unavailable
   */
  async forget(deliveryId: string): Promise<void> {
    if (!isDeliveryId(deliveryId)) throw new CoinflowInvalidArgumentError('deliveryId', 'must be the id of a delivery');
    await this.#runner?.forget(recordPrefixOf(this.#scope, deliveryId));
  }

  onModuleInit(): void {
    this.#handlers ??= this.#findHandlers();
  }

  /** Not awaited, so that the application starts while the store is unavailable. */
  onApplicationBootstrap(): void {
    void this.#openStore().catch((error: unknown) => this.#log.storeFailed(error));
  }

  /** New deliveries get a 503 from now on. Waits for running ones, even if their senders closed the connection. */
  async beforeApplicationShutdown(): Promise<void> {
    this.#isShuttingDown = true;
    const timeoutMs = this.#options?.shutdownTimeoutMs ?? 0;
    const haveEnded = await isDoneIn(timeoutMs, () => Promise.allSettled(this.#inProgress));
    if (!haveEnded) this.#log.stillRunning(this.#inProgress.size);
  }

  async onApplicationShutdown(): Promise<void> {
    await isDoneIn(CLOSE_TIMEOUT_MS, () => this.#store?.close?.());
  }

  /**
   * Verifies a request and reads its event. For guards.
   * @param isRecorded whether the delivery will be recorded: only then may its signature be old
   * @throws {@link CoinflowWebhookUnsupportedTypeError} when the content type is not JSON
   * @throws {@link CoinflowWebhookSignatureInvalidError} when the signature is missing, malformed or wrong
   * @throws {@link CoinflowWebhookSignatureTooOldError} when the signature is valid but too old
   * @throws {@link CoinflowWebhookMalformedError} when the body is not an event
   * @throws {@link CoinflowWebhookUnavailableError} when the event is another merchant's and `webhook.acceptMerchant` is missing
   *   or fails, when the function of `webhook.keys` fails, or during shutdown
   * @throws {@link CoinflowMisconfiguredError} when the application keeps no raw body, or there is no key
   */
  async receive(request: WebhookRequest, isRecorded: boolean): Promise<ReceivedWebhook> {
    try {
      if (this.#isShuttingDown) throw shuttingDown();
      const { merchantId } = this.#scope;
      const received = await verifyWebhook(request, { merchantId, options: this.#options, isRecorded });
      this.#log.received(received);
      return received;
    } catch (error) {
      this.#log.rejected(error);
      throw error;
    }
  }

  /**
   * Runs the handlers of an event and then its route, each unless it succeeded before. For interceptors.
   * @returns the outcome of the route; `isDuplicate` if the route succeeded before, even if handlers have run now
   * @throws {@link CoinflowWebhookBusyError} when the event runs already, or its lease was lost
   * @throws {@link CoinflowWebhookStoreUnavailableError} when the delivery store is unavailable
   * @throws {@link CoinflowWebhookUnavailableError} during shutdown
   * @throws {@link CoinflowMisconfiguredError} when the delivery store cannot work as it is configured
   * @throws `HandlerFailure` when a handler or the route failed
   */
  async deliver<T>(
    { event, receivedAt }: Pick<ReceivedWebhook, 'event' | 'receivedAt'>,
    route: RouteToRun<T>,
  ): Promise<DeliveryOutcome<T>> {
    const delivery = this.#deliver(event, receivedAt, route);
    this.#inProgress.add(delivery);
    try {
      return await delivery;
    } finally {
      this.#inProgress.delete(delivery);
    }
  }

  async #deliver<T>(
    event: CoinflowWebhookEvent,
    receivedAt: number,
    route: RouteToRun<T>,
  ): Promise<DeliveryOutcome<T>> {
    const recordPrefix = recordPrefixOf(this.#scope, event.deliveryId);
    const deadline = deadlineOf({ receivedAt });
    try {
      if (this.#isShuttingDown) throw shuttingDown();
      // Without its handlers the event would be acknowledged, and lost.
      this.#handlers ??= this.#findHandlers();
      const handlers = this.#handlers.for(event);
      const runHandlers = async (leased: CoinflowWebhookEvent): Promise<void> => {
        // In turn, so that none still runs when another fails and the delivery is released.
        for (const handle of handlers) await handle(leased);
      };
      const handled =
        handlers.length > 0 && (await this.#runOnce(event, runHandlers, handlersRecordId(recordPrefix), deadline));
      const outcome = await this.#runOnce(event, route.run, routeRecordId(recordPrefix, route.identity), deadline);
      const hasRun = !outcome.isDuplicate || (handled !== false && !handled.isDuplicate);
      if (hasRun) this.#log.succeeded(handlers.length > 0, receivedAt);
      else this.#log.duplicate(event, receivedAt);
      return outcome;
    } catch (error) {
      this.#log.notSucceeded(error, event, receivedAt);
      throw error;
    }
  }

  #runOnce<T>(
    event: CoinflowWebhookEvent,
    handle: (event: CoinflowWebhookEvent) => Promise<T>,
    recordId: string,
    deadline: Deadline,
  ): Promise<DeliveryOutcome<T>> {
    const run = async (lease?: DeliveryLease): Promise<T> => {
      try {
        return await handle(eventOfRun(event, lease));
      } catch (error) {
        this.#log.handlerFailed(error, event);
        throw new HandlerFailure(error);
      }
    };
    if (this.#runner) return this.#runner.run(recordId, run, deadline);
    return run().then((value) => ({ isDuplicate: false, value }));
  }

  get #store(): DeliveryStore | undefined {
    return this.#options?.deliveries || undefined;
  }

  /** `async`, so that a custom store that throws synchronously becomes a rejected promise. */
  async #openStore(): Promise<void> {
    await this.#store?.open?.();
  }
}

function shuttingDown(): CoinflowWebhookUnavailableError {
  return new CoinflowWebhookUnavailableError('The application is shutting down', {
    reason: 'shutting-down',
    action: 'Nothing: Coinflow sends the event again.',
    retryAfterMs: SHUTDOWN_RETRY_AFTER_MS,
  });
}

/** @returns whether the operation has ended within `timeoutMs` milliseconds */
async function isDoneIn(timeoutMs: number, operation: () => unknown): Promise<boolean> {
  try {
    await withDeadline(operation, performance.now() + timeoutMs);
    return true;
  } catch (error) {
    if (error instanceof TimeoutError) return false;
    throw error;
  }
}
