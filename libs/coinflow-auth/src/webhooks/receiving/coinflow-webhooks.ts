import type {
  BeforeApplicationShutdown,
  OnApplicationBootstrap,
  OnApplicationShutdown,
  OnModuleInit,
} from '@nestjs/common';
import {
  CoinflowInvalidArgumentError,
  CoinflowWebhookUnavailableError,
  isCoinflowAuthError,
} from '../../errors/coinflow-auth.errors.js';
import type { DeliveryStore } from '../../options/delivery-store.js';
import type { ResolvedCoinflowAuthOptions } from '../../options/resolve-options.js';
import type { ResolvedWebhookOptions } from '../../options/webhook-options.js';
import { eventRecordOf, handlersRecordOf, routeRecordOf, type RecordScope } from '../deliveries/delivery-record.js';
import { NoAnswerError, answerBy, newDeadline, type Deadline } from '../deliveries/deadline.js';
import { DeliveryRunner, type DeliveryOutcome, type DeliveryRun } from '../deliveries/delivery-runner.js';
import { RunningDeliveries } from '../deliveries/running-deliveries.js';
import { ProcessDeliveryStore } from '../deliveries/process-delivery-store.js';
import { deliveryIdOf, isDeliveryId } from '../events/delivery-id.js';
import { parseEvent } from '../events/parse-event.js';
import type { CoinflowWebhookEvent } from '../events/webhook-event.js';
import type { EventHandler, EventHandlers } from '../handlers/event-handlers.js';
import { verifyWebhookSignature } from '../signature/webhook-signature.js';
import { HandlerFailure } from './handler-failure.js';
import { WebhookLog } from './webhook-log.js';
import { WebhookTelemetry, failureOutcome } from './webhook-telemetry.js';
import { currentWebhookKeys } from './webhook-keys.js';
import type { CoinflowWebhookMetrics } from './webhook-metrics.js';
import { isAccepted, merchantOf } from './merchant-acceptance.js';
import { rawBodyOf, type ReceivedWebhook, type WebhookRequest } from './webhook-request.js';
import type { RouteBody } from './webhook-route.js';

const CLOSE_TIMEOUT_MS = 5_000;
/** Another replica may take it at once. */
const SHUTDOWN_RETRY_AFTER_MS = 1_000;

/** Where no lease is there to be lost. */
const UNREMEMBERED: DeliveryRun = { fencingToken: 0, signal: new AbortController().signal };

/**
 * Receives the webhooks of an instance. Its routes do that by themselves, with `@CoinflowWebhook()`; inject it for its
 * figures.
 */
export class CoinflowWebhooks
  implements OnModuleInit, OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown
{
  readonly #options: ResolvedWebhookOptions | undefined;
  readonly #scope: RecordScope;
  readonly #findHandlers: () => EventHandlers;
  readonly #runner: DeliveryRunner | undefined;
  readonly #log = new WebhookLog();
  readonly #telemetry: WebhookTelemetry;
  readonly #running = new RunningDeliveries();
  #isShuttingDown = false;
  #handlers: EventHandlers | undefined;

  /** @internal Nest makes it. */
  constructor(
    { env, merchantId, webhook }: ResolvedCoinflowAuthOptions,
    instance: string | undefined,
    findHandlers: () => EventHandlers,
  ) {
    this.#options = webhook;
    this.#scope = { env, merchantId, consumer: webhook?.consumer, instance };
    this.#findHandlers = findHandlers;
    this.#telemetry = new WebhookTelemetry(instance);
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

  /**
   * Forgets that an event has succeeded, for this consumer and instance: its handlers and its routes run when Coinflow sends it
   * again. For an event that you resend from the dashboard, after you have corrected a handler. A run that goes on keeps its lease.
   * @param deliveryId that of the event, as the log and `event.deliveryId` have it
   * @throws {CoinflowInvalidArgumentError} when it cannot be the id of a delivery
   * @throws {CoinflowWebhookStoreUnavailableError} when the store of deliveries is down
   */
  async forget(deliveryId: string): Promise<void> {
    if (!isDeliveryId(deliveryId)) throw new CoinflowInvalidArgumentError('deliveryId', 'must be the id of a delivery');
    await this.#runner?.forget(eventRecordOf(this.#scope, deliveryId));
  }

  onModuleInit(): void {
    this.#handlers ??= this.#findHandlers();
  }

  /** Nobody waits for it: the application starts while the store is down. */
  onApplicationBootstrap(): void {
    void this.#openStore().catch((error: unknown) => this.#log.storeFailed(error));
  }

  /** From here on deliveries are answered 503; those that run are waited for, also if their senders have hung up. */
  async beforeApplicationShutdown(): Promise<void> {
    this.#isShuttingDown = true;
    const left = await this.#running.ended(this.#options?.shutdownTimeoutMs ?? 0);
    if (left > 0) this.#log.leftAtShutdown(left);
  }

  async onApplicationShutdown(): Promise<void> {
    const deliveries = this.#options?.deliveries;
    if (!deliveries) return;
    await answerBy(performance.now() + CLOSE_TIMEOUT_MS, () => deliveries.close?.()).catch((error: unknown) => {
      if (!(error instanceof NoAnswerError)) throw error;
    });
  }

  /**
   * The event of a request that is proven to be Coinflow's. For guards.
   * @param isRemembered whether the delivery will be: only then may the signature be old
   * @throws {CoinflowWebhookUnsupportedTypeError | CoinflowWebhookSignatureInvalidError | CoinflowWebhookSignatureTooOldError | CoinflowWebhookMalformedError}
   * @throws {CoinflowWebhookUnavailableError} when it is another merchant's, and the application does not say whether to accept it
   * @throws {CoinflowMisconfiguredError} when the application keeps no raw body, or there is no key
   */
  async receive(request: WebhookRequest, isRemembered: boolean): Promise<ReceivedWebhook> {
    const deadline = newDeadline();
    try {
      if (this.#isShuttingDown) throw shuttingDown();
      const rawBody = rawBodyOf(request);
      const options = this.#options;
      verifyWebhookSignature({
        rawBody,
        headers: request.headers,
        keys: options ? await currentWebhookKeys(options, deadline) : [],
        proofs: options?.proofs,
        toleranceMs: isRemembered ? options?.toleranceMs : options?.unrememberedToleranceMs,
      });
      const parsed = parseEvent(rawBody);
      const { acceptMerchant } = options ?? {};
      const accepted = await isAccepted(parsed, this.#scope.merchantId, acceptMerchant, deadline);
      this.#telemetry.accepted();
      if (!accepted) {
        this.#log.metrics.notAccepted += 1;
        this.#telemetry.ended('not-accepted', deadline);
      }
      const deliveryId = deliveryIdOf(rawBody);
      const event = Object.freeze({ ...parsed, merchantId: merchantOf(parsed), deliveryId, ...UNREMEMBERED });
      return { webhooks: this, event, isAccepted: accepted, deadline };
    } catch (error) {
      this.#telemetry.rejected(error);
      if (isCoinflowAuthError(error)) this.#log.refused(error);
      throw error;
    }
  }

  /**
   * Runs the handlers of an event and then the body of the route, each unless it has succeeded before. For interceptors.
   * @throws {CoinflowWebhookBusyError | CoinflowWebhookStoreUnavailableError} when it must be sent again
   * @throws {HandlerFailure} when a handler or the route failed
   */
  async deliver<T>(
    { event, deadline }: Pick<ReceivedWebhook, 'event' | 'deadline'>,
    route: RouteBody<T>,
  ): Promise<DeliveryOutcome<T>> {
    return this.#running.track(this.#deliver(event, deadline, route));
  }

  async #deliver<T>(event: CoinflowWebhookEvent, deadline: Deadline, route: RouteBody<T>): Promise<DeliveryOutcome<T>> {
    const { metrics } = this.#log;
    const record = eventRecordOf(this.#scope, event.deliveryId);
    try {
      if (this.#isShuttingDown) throw shuttingDown();
      const handlers = this.#handlers?.for(event) ?? [];
      const handled = handlers.length > 0 && (await this.#handle(event, handlers, handlersRecordOf(record), deadline));
      const outcome = await this.#once(event, route.run, routeRecordOf(record, route.identity), deadline);
      const isDuplicate = outcome.repeated && !handled;
      if (isDuplicate) this.#log.duplicate(event);
      else metrics.succeeded += 1;
      this.#telemetry.ended(isDuplicate ? 'duplicate' : 'handled', deadline);
      if (handlers.length === 0 && !outcome.repeated) metrics.unhandled += 1;
      return outcome;
    } catch (error) {
      if (error instanceof HandlerFailure) metrics.failed += 1;
      else this.#log.notRun(error, event);
      this.#telemetry.ended(failureOutcome(error), deadline);
      throw error;
    }
  }

  /**
   * One after the other: the first that fails ends the run, and none is running any more when the delivery is given back.
   * @returns whether they ran now
   */
  async #handle(
    event: CoinflowWebhookEvent,
    handlers: readonly EventHandler[],
    record: string,
    deadline: Deadline,
  ): Promise<boolean> {
    const runAll = async (running: CoinflowWebhookEvent): Promise<void> => {
      for (const handle of handlers) await handle(running);
    };
    const { repeated } = await this.#once(event, runAll, record, deadline);
    return !repeated;
  }

  #once<T>(
    event: CoinflowWebhookEvent,
    work: (event: CoinflowWebhookEvent) => Promise<T>,
    record: string,
    deadline: Deadline,
  ): Promise<DeliveryOutcome<T>> {
    const run = async (details: DeliveryRun): Promise<T> => {
      try {
        return await work(Object.freeze({ ...event, ...details }));
      } catch (error) {
        this.#log.failed(error, event);
        throw new HandlerFailure(error);
      }
    };
    if (this.#runner) return this.#runner.run(record, run, deadline);
    return run(UNREMEMBERED).then((value) => ({ repeated: false, value }));
  }

  get #store(): DeliveryStore | undefined {
    return this.#options?.deliveries || undefined;
  }

  /** A promise even where the store throws at once. */
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
