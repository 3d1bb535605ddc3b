import { Logger } from '@nestjs/common';
import { isCoinflowAuthError, type AnyCoinflowAuthError } from '../errors/coinflow-auth.errors.js';
import { OnceLogger } from '../util/once-logger.js';
import { safeText } from '../util/safe-text.js';
import type { Deadline } from './deadline.js';
import { HandlerFailure } from './event-handlers.js';
import type { CoinflowWebhookEvent } from './webhook-event.js';
import { WebhookTelemetry, type WebhookOutcome } from './webhook-telemetry.js';

/** Counters of received webhooks since the application started. */
export interface CoinflowWebhookMetrics {
  /** Rejected: no signature, an invalid one, or a content type other than JSON. */
  rejected: number;
  /** Rejected: a valid signature that is older than `webhook.toleranceMs`. Either a late event or a replay. */
  tooOld: number;
  /** Rejected: a valid signature, but the body is not an event. */
  malformed: number;
  /** Handled: all handlers have succeeded. */
  succeeded: number;
  /** The part of `succeeded` without an `@OnCoinflowEvent()` handler. */
  unhandled: number;
  /** Acknowledged without running, because the delivery succeeded before. */
  duplicates: number;
  /** Acknowledged without running, because `webhook.acceptMerchant` does not accept the merchant. */
  notAccepted: number;
  /** Answered 500: a handler failed, or the configuration prevents all handlers from running. */
  failed: number;
  /** Answered 503: the same delivery was running, or its lease was lost. */
  busy: number;
  /** Answered 503: the delivery store was unavailable. */
  storeUnavailable: number;
  /** Answered 503: the webhook could neither be accepted nor rejected (`COINFLOW_WEBHOOK_UNAVAILABLE`). */
  unavailable: number;
}

/** Counts, measures and logs what happens to webhooks. Never logs the body of an unverified webhook. */
export class WebhookLog {
  readonly metrics: CoinflowWebhookMetrics = {
    rejected: 0,
    tooOld: 0,
    malformed: 0,
    succeeded: 0,
    unhandled: 0,
    duplicates: 0,
    notAccepted: 0,
    failed: 0,
    busy: 0,
    storeUnavailable: 0,
    unavailable: 0,
  };
  readonly #telemetry: WebhookTelemetry;
  readonly #logger = new Logger('CoinflowAuth');
  readonly #onceLogger = new OnceLogger();

  constructor(instance: string | undefined) {
    this.#telemetry = new WebhookTelemetry(instance);
  }

  /** A webhook with a valid signature and an event in its body. */
  received(isAccepted: boolean, deadline: Deadline): void {
    this.#telemetry.accepted();
    if (isAccepted) return;
    this.metrics.notAccepted += 1;
    this.#telemetry.ended('not-accepted', deadline);
  }

  /** A webhook that was rejected before its handlers could run. */
  rejected(error: unknown): void {
    this.#telemetry.rejected(error);
    if (isCoinflowAuthError(error)) this.#logRejection(error);
  }

  /** An event that has run now. */
  succeeded(hasHandlers: boolean, deadline: Deadline): void {
    this.metrics.succeeded += 1;
    if (!hasHandlers) this.metrics.unhandled += 1;
    this.#telemetry.ended('handled', deadline);
  }

  /** An event that succeeded before. An operator may have sent it again on purpose. */
  duplicate(event: CoinflowWebhookEvent, deadline: Deadline): void {
    this.metrics.duplicates += 1;
    this.#logger.log(
      `A duplicate webhook was acknowledged without running ${describe(event)}. To run it again, call CoinflowWebhooks.forget() with the delivery id and resend it from the dashboard.`,
    );
    this.#telemetry.ended('duplicate', deadline);
  }

  /** A handler or a route that failed, once for each run. */
  handlerFailed(error: unknown, event: CoinflowWebhookEvent): void {
    this.#logger.error(
      `A webhook handler failed ${describe(event)}. The event runs again when Coinflow retries.`,
      stackOf(error),
    );
  }

  /** An event that did not succeed, once for each delivery. A {@link HandlerFailure} was logged before. */
  notSucceeded(error: unknown, event: CoinflowWebhookEvent, deadline: Deadline): void {
    if (error instanceof HandlerFailure) this.metrics.failed += 1;
    else if (isCoinflowAuthError(error)) this.#logNotRun(error, event);
    this.#telemetry.ended(outcomeOf(error), deadline);
  }

  /** Deliveries that still run when the shutdown stops waiting for them. */
  stillRunning(count: number): void {
    this.#logger.warn(
      `${count} webhook deliveries still run after webhook.shutdownTimeoutMs. Their events run again when Coinflow retries.`,
    );
  }

  /** The delivery store failed to open when the application started. */
  storeFailed(error: unknown): void {
    const { message } = Object(error) as { message?: unknown };
    this.#logger.warn(
      `The store in webhook.deliveries failed: ${safeText(String(message ?? error), [])}. Webhooks are answered 503 until it works. [deliveries-unavailable]`,
    );
  }

  #logRejection(error: AnyCoinflowAuthError): void {
    const line = lineOf(error);
    switch (error.code) {
      case 'COINFLOW_WEBHOOK_SIGNATURE_INVALID':
      case 'COINFLOW_WEBHOOK_UNSUPPORTED_TYPE':
        this.metrics.rejected += 1;
        this.#logger.warn(line);
        break;
      case 'COINFLOW_WEBHOOK_SIGNATURE_TOO_OLD':
        this.metrics.tooOld += 1;
        this.#logger.error(`${line} ${error.action}`);
        break;
      case 'COINFLOW_WEBHOOK_MALFORMED':
        this.metrics.malformed += 1;
        this.#logger.error(`${line} ${error.action}`);
        break;
      case 'COINFLOW_WEBHOOK_UNAVAILABLE':
        this.metrics.unavailable += 1;
        this.#logUnavailable(error, line);
        break;
      default:
        // A misconfiguration is logged where it is detected.
        break;
    }
  }

  /** A missing `acceptMerchant` lasts until somebody sets it, so it is logged once for each merchant. */
  #logUnavailable({ reason, action, cause }: AnyCoinflowAuthError, line: string): void {
    if (reason === 'shutting-down') {
      this.#logger.debug(line);
    } else if (reason === 'accept-merchant-missing') {
      this.#onceLogger.error(`${line} ${action}`);
    } else {
      this.#logger.error(withCause(line, cause));
    }
  }

  #logNotRun(error: AnyCoinflowAuthError, event: CoinflowWebhookEvent): void {
    const line = `${lineOf(error)} ${describe(event)}`;
    if (error.code === 'COINFLOW_WEBHOOK_UNAVAILABLE') {
      this.#logRejection(error);
    } else if (error.code === 'COINFLOW_MISCONFIGURED') {
      this.metrics.failed += 1;
      this.#logger.error(`${line} ${error.action}`);
    } else if (error.code === 'COINFLOW_WEBHOOK_STORE_UNAVAILABLE') {
      this.metrics.storeUnavailable += 1;
      this.#logger.error(withCause(line, error.cause));
    } else {
      this.metrics.busy += 1;
      this.#logger.warn(line);
    }
  }
}

function outcomeOf(error: unknown): WebhookOutcome {
  if (error instanceof HandlerFailure || !isCoinflowAuthError(error)) return 'failed';
  if (error.code === 'COINFLOW_WEBHOOK_BUSY') return 'busy';
  return 'retryAfterMs' in error ? 'unavailable' : 'failed';
}

function lineOf({ message, code, reason }: AnyCoinflowAuthError): string {
  return `${message} [${code}: ${reason}]`;
}

/** Handlers may throw anything, and reading a property of it can throw as well. */
function stackOf(error: unknown): string {
  try {
    const { stack } = Object(error) as { stack?: unknown };
    return typeof stack === 'string' ? stack : safeText(String(error), []);
  } catch {
    return 'The thrown value cannot be read';
  }
}

/** Reading the message of a cause can throw, too. */
function withCause(line: string, cause: unknown): string {
  try {
    return cause instanceof Error ? `${line}: ${safeText(cause.message, [])}` : line;
  } catch {
    return line;
  }
}

function describe({ eventType, deliveryId }: CoinflowWebhookEvent): string {
  return `(delivery ${deliveryId}, "${safeText(eventType, [])}")`;
}
