import { metrics, type Attributes, type Counter, type Histogram, type MeterProvider } from '@opentelemetry/api';
import { isCoinflowAuthError } from '../../errors/coinflow-auth.errors.js';
import { WAIT_MS, type Deadline } from '../deliveries/deadline.js';
import { HandlerFailure } from './handler-failure.js';

const SCOPE = 'nestjs-coinflow-auth';
/** In seconds: Coinflow waits for five. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/** What became of a verified webhook. */
export type WebhookOutcome = 'handled' | 'duplicate' | 'not-accepted' | 'failed' | 'busy' | 'unavailable';

interface Instruments {
  readonly received: Counter;
  readonly duration: Histogram;
}

/** Records webhooks in OpenTelemetry; without an SDK that does nothing. Nothing of a body is recorded. */
export class WebhookTelemetry {
  readonly #labels: Attributes;
  #meterProvider: MeterProvider | undefined;
  #instruments: Instruments | undefined;

  constructor(instance: string | undefined) {
    this.#labels = instance === undefined ? {} : { instance };
  }

  /** The signature is right, and the body is an event. */
  accepted(): void {
    this.#current().received.add(1, { ...this.#labels, outcome: 'accepted' });
  }

  /** A webhook that did not get as far as being an event. */
  rejected(error: unknown): void {
    const reason = isCoinflowAuthError(error) ? error.reason : 'defect';
    this.#current().received.add(1, { ...this.#labels, outcome: 'rejected', reason });
  }

  /** @param deadline of the webhook, which tells when it arrived */
  ended(outcome: WebhookOutcome, deadline: Deadline): void {
    const seconds = (performance.now() - (deadline - WAIT_MS)) / 1_000;
    this.#current().duration.record(seconds, { ...this.#labels, outcome });
  }

  /** The SDK may be set up after this module: instruments that were made before it do nothing. */
  #current(): Instruments {
    const provider = metrics.getMeterProvider();
    if (this.#instruments && this.#meterProvider === provider) return this.#instruments;
    this.#meterProvider = provider;
    const meter = provider.getMeter(SCOPE);
    this.#instruments = {
      received: meter.createCounter('coinflow_auth.webhook.received', {
        description: 'Webhooks that were accepted as events of Coinflow, or rejected, by reason',
      }),
      duration: meter.createHistogram('coinflow_auth.webhook.duration', {
        description: 'How long accepted webhooks take until they are answered, by outcome',
        unit: 's',
        advice: { explicitBucketBoundaries: BUCKETS },
      }),
    };
    return this.#instruments;
  }
}

/** What the error of a delivery means. */
export function failureOutcome(error: unknown): WebhookOutcome {
  if (error instanceof HandlerFailure || !isCoinflowAuthError(error)) return 'failed';
  if (error.code === 'COINFLOW_WEBHOOK_BUSY') return 'busy';
  return 'retryAfterMs' in error ? 'unavailable' : 'failed';
}
