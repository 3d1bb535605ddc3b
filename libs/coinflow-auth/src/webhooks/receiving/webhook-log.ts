import { Logger } from '@nestjs/common';
import { safeText } from '../../util/safe-text.js';
import { isCoinflowAuthError, type AnyCoinflowAuthError } from '../../errors/coinflow-auth.errors.js';
import type { CoinflowWebhookEvent } from '../events/webhook-event.js';
import { newMetrics, type CoinflowWebhookMetrics } from './webhook-metrics.js';

/** As many merchants as are worth a line of their own. */
const MAX_LOGGED = 1_000;

/** Counts what happens to webhooks, and says what the operator should know. Nothing of a body that is not proven. */
export class WebhookLog {
  readonly metrics: CoinflowWebhookMetrics = newMetrics();
  readonly #logger = new Logger('CoinflowAuth');
  readonly #logged = new Set<string>();

  /** A webhook that did not get as far as being an event. */
  refused(error: AnyCoinflowAuthError): void {
    const line = `${error.message} [${error.code}: ${error.reason}]`;
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
        this.#unavailable(error, line);
        break;
      default:
        // A misconfiguration is logged where it is found.
        break;
    }
  }

  /** What lasts until the operator changes something is logged once for each merchant. */
  #unavailable({ reason, action, cause }: AnyCoinflowAuthError, line: string): void {
    if (reason === 'shutting-down') {
      this.#logger.debug(line);
    } else if (reason !== 'accept-merchant-missing') {
      this.#logger.error(withCause(line, cause));
    } else if (!this.#logged.has(line) && this.#logged.size < MAX_LOGGED) {
      this.#logged.add(line);
      this.#logger.error(`${line} ${action}`);
    }
  }

  /** An event that was not run to its end, and why: once for each delivery that is answered so. */
  notRun(error: unknown, event: CoinflowWebhookEvent): void {
    if (!isCoinflowAuthError(error)) return;
    const line = `${error.message} [${error.code}: ${error.reason}] ${describe(event)}`;
    if (error.code === 'COINFLOW_WEBHOOK_UNAVAILABLE') {
      this.refused(error);
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

  /** An event that has succeeded before. It may be one that an operator has resent on purpose. */
  duplicate(event: CoinflowWebhookEvent): void {
    this.metrics.duplicates += 1;
    this.#logger.log(
      `An event that has succeeded before was acknowledged and did not run ${describe(event)}. To run it again, call CoinflowWebhooks.forget() with the id of the delivery, and resend it`,
    );
  }

  /** Their leases end by themselves, and Coinflow sends the events again. */
  leftAtShutdown(count: number): void {
    this.#logger.warn(
      `${count} deliveries still run after webhook.shutdownTimeoutMs; the store of deliveries is closed, and their events run again`,
    );
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
    this.#logger.error(
      `A handler failed ${describe(event)}; the event runs again when Coinflow sends it again`,
      stackOf(error),
    );
  }
}

/** Of whatever a handler threw: reading it can throw as well. */
function stackOf(error: unknown): string {
  try {
    const { stack } = Object(error) as { stack?: unknown };
    return typeof stack === 'string' ? stack : safeText(String(error), []);
  } catch {
    return 'What was thrown cannot be read';
  }
}

/** The message of a cause: reading it can throw as well. */
function withCause(line: string, cause: unknown): string {
  try {
    return cause instanceof Error ? `${line}: ${safeText(cause.message, [])}` : line;
  } catch {
    return line;
  }
}

function describe({ eventType, deliveryId }: CoinflowWebhookEvent): string {
  return `(delivery ${deliveryId}, “${safeText(eventType, [])}”)`;
}
