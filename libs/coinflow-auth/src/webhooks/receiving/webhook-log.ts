import { Logger } from '@nestjs/common';
import { safeText } from '../../client/redact.js';
import { isCoinflowAuthError, type AnyCoinflowAuthError } from '../../errors/coinflow-auth.errors.js';
import type { CoinflowWebhookEvent } from '../events/webhook-event.js';
import { newMetrics, type CoinflowWebhookMetrics } from './webhook-metrics.js';

/** Counts what happens to webhooks, and says what the operator should know. Nothing of a body that is not proven. */
export class WebhookLog {
  readonly metrics: CoinflowWebhookMetrics = newMetrics();
  readonly #logger = new Logger('CoinflowWebhooks');

  /** A webhook that did not get as far as being an event. */
  refused(error: AnyCoinflowAuthError): void {
    const line = `${error.message} [${error.code}: ${error.reason}]`;
    switch (error.code) {
      case 'COINFLOW_WEBHOOK_SIGNATURE_INVALID':
      case 'COINFLOW_WEBHOOK_UNSUPPORTED_TYPE':
        this.metrics.refused += 1;
        this.#logger.warn(line);
        break;
      case 'COINFLOW_WEBHOOK_SIGNATURE_TOO_OLD':
        this.metrics.tooOld += 1;
        this.#logger.error(`${line} ${error.action}`);
        break;
      case 'COINFLOW_WEBHOOK_UNREADABLE':
        this.metrics.unreadable += 1;
        this.#logger.error(`${line} ${error.action}`);
        break;
      default:
        // A misconfiguration is logged where it is found.
        break;
    }
  }

  /** An event that was not run to its end, and why: once for each delivery that is answered so. */
  notRun(error: unknown, event: CoinflowWebhookEvent): void {
    if (!isCoinflowAuthError(error)) return;
    const line = `${error.message} [${error.code}: ${error.reason}] ${describe(event)}`;
    if (error.code === 'COINFLOW_WEBHOOK_STORE_UNAVAILABLE') {
      this.metrics.storeUnavailable += 1;
      const { cause } = error;
      this.#logger.error(cause instanceof Error ? `${line}: ${safeText(cause.message, [])}` : line);
    } else if (error.code === 'COINFLOW_MISCONFIGURED') {
      this.metrics.storeUnavailable += 1;
      this.#logger.error(`${line} ${error.action}`);
    } else {
      this.metrics.busy += 1;
      this.#logger.warn(line);
    }
  }

  /** The store of deliveries when the application starts. */
  storeFailed(error: unknown): void {
    const { message } = Object(error) as { message?: unknown };
    this.#logger.warn(
      `The store of webhook.deliveries does not work: ${safeText(String(message ?? error), [])}. Until it does, webhooks are answered 503. [deliveries-unavailable]`,
    );
  }

  /** A handler that failed: once for each run. */
  failed(error: unknown, event: CoinflowWebhookEvent): void {
    const { stack } = Object(error) as { stack?: unknown };
    this.#logger.error(
      `A handler failed ${describe(event)}; the event runs again when Coinflow sends it again`,
      typeof stack === 'string' ? stack : safeText(String(error), []),
    );
  }
}

function describe({ eventType, deliveryId }: CoinflowWebhookEvent): string {
  return `(delivery ${deliveryId}, “${safeText(eventType, [])}”)`;
}
