import { metrics, type Attributes, type Counter, type Histogram, type MeterProvider } from '@opentelemetry/api';
import { isCoinflowAuthError } from '../errors/coinflow-auth.errors.js';
import type { Instrument } from '../util/instrument.js';

const SCOPE = 'nestjs-coinflow-auth';
/** In seconds, up to the five seconds that Coinflow waits. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

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

const OUTCOMES = ['succeeded', 'duplicate', 'not-accepted', 'failed', 'busy', 'unavailable'] as const;

/** The outcome of a verified webhook. */
export type WebhookOutcome = (typeof OUTCOMES)[number];

/** The instruments of webhooks. A named instance adds the attribute `instance`. */
export const WEBHOOK_INSTRUMENTS = {
  received: {
    name: 'coinflow_auth.webhook.received',
    type: 'counter',
    description: 'Webhooks that were accepted as Coinflow events, or rejected, by reason',
    attributes: { outcome: ['accepted', 'rejected'], reason: 'of a rejected webhook: the `reason` of its error' },
  },
  duration: {
    name: 'coinflow_auth.webhook.duration',
    type: 'histogram',
    description: 'Time to respond to accepted webhooks, by outcome',
    unit: 's',
    attributes: { outcome: OUTCOMES },
  },
} as const satisfies Record<string, Instrument>;

interface Instruments {
  readonly received: Counter;
  readonly duration: Histogram;
}

/**
 * Counts webhooks for `CoinflowWebhooks.metrics()`, and records them in OpenTelemetry without any content of their bodies.
 * OpenTelemetry does nothing while no SDK is registered.
 */
export class WebhookMetrics {
  readonly counts: CoinflowWebhookMetrics = {
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
  readonly #labels: Attributes;
  #meterProvider: MeterProvider | undefined;
  #instruments: Instruments | undefined;

  constructor(instance: string | undefined) {
    this.#labels = instance === undefined ? {} : { instance };
  }

  /** A webhook with a valid signature and an event in its body. */
  verified(): void {
    this.#current().received.add(1, { ...this.#labels, outcome: 'accepted' });
  }

  /** A webhook that was rejected before its handlers could run. */
  rejected(error: unknown): void {
    const reason = isCoinflowAuthError(error) ? error.reason : 'defect';
    this.#current().received.add(1, { ...this.#labels, outcome: 'rejected', reason });
  }

  /** @param receivedAt when the webhook arrived, on the monotonic clock */
  ended(outcome: WebhookOutcome, receivedAt: number): void {
    const seconds = (performance.now() - receivedAt) / 1_000;
    this.#current().duration.record(seconds, { ...this.#labels, outcome });
  }

  /** Instruments created before the SDK is registered do nothing, so they are created again for each new provider. */
  #current(): Instruments {
    const provider = metrics.getMeterProvider();
    if (this.#instruments && this.#meterProvider === provider) return this.#instruments;
    this.#meterProvider = provider;
    const meter = provider.getMeter(SCOPE);
    const { received, duration } = WEBHOOK_INSTRUMENTS;
    const { description, unit } = duration;
    this.#instruments = {
      received: meter.createCounter(received.name, { description: received.description }),
      duration: meter.createHistogram(duration.name, {
        description,
        unit,
        advice: { explicitBucketBoundaries: BUCKETS },
      }),
    };
    return this.#instruments;
  }
}
