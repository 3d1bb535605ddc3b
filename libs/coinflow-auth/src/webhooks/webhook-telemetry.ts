import { metrics, type Attributes, type Counter, type Histogram, type MeterProvider } from '@opentelemetry/api';
import { isCoinflowAuthError } from '../errors/coinflow-auth.errors.js';
import { RESPONSE_TIMEOUT_MS, type Deadline } from './deadline.js';

const SCOPE = 'nestjs-coinflow-auth';
/** In seconds, up to the five seconds that Coinflow waits. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/** The outcome of a verified webhook. */
export type WebhookOutcome = 'handled' | 'duplicate' | 'not-accepted' | 'failed' | 'busy' | 'unavailable';

interface Instruments {
  readonly received: Counter;
  readonly duration: Histogram;
}

/** Records webhooks in OpenTelemetry, without any content of their bodies. Does nothing while no SDK is registered. */
export class WebhookTelemetry {
  readonly #labels: Attributes;
  #meterProvider: MeterProvider | undefined;
  #instruments: Instruments | undefined;

  constructor(instance: string | undefined) {
    this.#labels = instance === undefined ? {} : { instance };
  }

  /** A webhook with a valid signature and an event in its body. */
  accepted(): void {
    this.#current().received.add(1, { ...this.#labels, outcome: 'accepted' });
  }

  /** A webhook that was rejected before its handlers could run. */
  rejected(error: unknown): void {
    const reason = isCoinflowAuthError(error) ? error.reason : 'defect';
    this.#current().received.add(1, { ...this.#labels, outcome: 'rejected', reason });
  }

  /** @param deadline the deadline of the webhook, which tells when it arrived */
  ended(outcome: WebhookOutcome, deadline: Deadline): void {
    const seconds = (performance.now() - (deadline - RESPONSE_TIMEOUT_MS)) / 1_000;
    this.#current().duration.record(seconds, { ...this.#labels, outcome });
  }

  /** Instruments created before the SDK is registered do nothing, so they are created again for each new provider. */
  #current(): Instruments {
    const provider = metrics.getMeterProvider();
    if (this.#instruments && this.#meterProvider === provider) return this.#instruments;
    this.#meterProvider = provider;
    const meter = provider.getMeter(SCOPE);
    this.#instruments = {
      received: meter.createCounter('coinflow_auth.webhook.received', {
        description: 'Webhooks that were accepted as Coinflow events, or rejected, by reason',
      }),
      duration: meter.createHistogram('coinflow_auth.webhook.duration', {
        description: 'Time until accepted webhooks are answered, by outcome',
        unit: 's',
        advice: { explicitBucketBoundaries: BUCKETS },
      }),
    };
    return this.#instruments;
  }
}
