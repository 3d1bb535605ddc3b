import { Logger } from '@nestjs/common';
import { isCoinflowAuthError, isTemporary, type AnyCoinflowAuthError } from '../errors/coinflow-auth.errors.js';
import { OnceLogger } from '../util/once-logger.js';
import { safeText } from '../util/secrets.js';
import { HandlerFailure } from './event-handlers.js';
import type { ReceivedWebhook } from './verify-webhook.js';
import type { CoinflowWebhookEvent } from './webhook-event.js';
import { WebhookMetrics, type CoinflowWebhookMetrics, type WebhookOutcome } from './webhook-metrics.js';

/** Counts, measures and logs what happens to webhooks. Never logs the body of an unverified webhook. */
export class WebhookLog {
  readonly #metrics: WebhookMetrics;
  readonly #logger = new Logger('CoinflowAuth');
  readonly #onceLogger = new OnceLogger();

  constructor(instance: string | undefined) {
    this.#metrics = new WebhookMetrics(instance);
  }

  get metrics(): CoinflowWebhookMetrics {
    return { ...this.#metrics.counts };
  }

  /** A webhook with a valid signature and an event in its body. */
  received({ isMerchantAccepted, receivedAt }: ReceivedWebhook): void {
    this.#metrics.verified();
    if (isMerchantAccepted) return;
    this.#metrics.counts.notAccepted += 1;
    this.#metrics.ended('not-accepted', receivedAt);
  }

  /** A webhook that was rejected before its handlers could run. */
  rejected(error: unknown): void {
    this.#metrics.rejected(error);
    if (isCoinflowAuthError(error)) this.#logRejection(error);
  }

  /** An event that has run now. */
  succeeded(hasHandlers: boolean, receivedAt: number): void {
    this.#metrics.counts.succeeded += 1;
    if (!hasHandlers) this.#metrics.counts.unhandled += 1;
    this.#metrics.ended('succeeded', receivedAt);
  }

  /** An event that succeeded before. An operator may have sent it again on purpose. */
  duplicate(event: CoinflowWebhookEvent, receivedAt: number): void {
    this.#metrics.counts.duplicates += 1;
    this.#logger.log(
      `A duplicate webhook was acknowledged without running ${describe(event)}. To run it again, call CoinflowWebhooks.forget() with the delivery id and resend it from the dashboard.`,
    );
    this.#metrics.ended('duplicate', receivedAt);
  }

  /** A handler or a route that failed, once for each run. */
  handlerFailed(error: unknown, event: CoinflowWebhookEvent): void {
    this.#logger.error(
      `A webhook handler failed ${describe(event)}. The event runs again when Coinflow retries.`,
      stackOf(error),
    );
  }

  /** An event that did not succeed, once for each delivery. A {@link HandlerFailure} was logged before. */
  notSucceeded(error: unknown, event: CoinflowWebhookEvent, receivedAt: number): void {
    if (error instanceof HandlerFailure) this.#metrics.counts.failed += 1;
    else if (isCoinflowAuthError(error)) this.#logNotRun(error, event);
    this.#metrics.ended(outcomeOf(error), receivedAt);
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
      `The store in webhook.deliveries failed: ${safeText(String(message ?? error), [])}. Webhooks get a 503 until it works. [deliveries-unavailable]`,
    );
  }

  #logRejection(error: AnyCoinflowAuthError): void {
    const line = lineOf(error);
    switch (error.code) {
      case 'COINFLOW_WEBHOOK_SIGNATURE_INVALID':
      case 'COINFLOW_WEBHOOK_UNSUPPORTED_TYPE':
        this.#metrics.counts.rejected += 1;
        this.#logger.warn(line);
        break;
      case 'COINFLOW_WEBHOOK_SIGNATURE_TOO_OLD':
        this.#metrics.counts.tooOld += 1;
        this.#logger.error(`${line} ${error.action}`);
        break;
      case 'COINFLOW_WEBHOOK_MALFORMED':
        this.#metrics.counts.malformed += 1;
        this.#logger.error(`${line} ${error.action}`);
        break;
      case 'COINFLOW_WEBHOOK_UNAVAILABLE':
        this.#metrics.counts.unavailable += 1;
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
      this.#metrics.counts.failed += 1;
      this.#logger.error(`${line} ${error.action}`);
    } else if (error.code === 'COINFLOW_WEBHOOK_STORE_UNAVAILABLE') {
      this.#metrics.counts.storeUnavailable += 1;
      this.#logger.error(withCause(line, error.cause));
    } else {
      this.#metrics.counts.busy += 1;
      this.#logger.warn(line);
    }
  }
}

function outcomeOf(error: unknown): WebhookOutcome {
  if (error instanceof HandlerFailure || !isCoinflowAuthError(error)) return 'failed';
  if (error.code === 'COINFLOW_WEBHOOK_BUSY') return 'busy';
  return isTemporary(error) ? 'unavailable' : 'failed';
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
