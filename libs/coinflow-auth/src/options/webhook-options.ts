import type { DeliveryStore } from './stores.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** How long a delivery is remembered. Coinflow retries for 36 hours; one more hour is the margin. */
export const DELIVERY_RETENTION_MS = 37 * HOUR_MS;
/** How old a signature may be where no delivery is remembered. Also how far in the future it may be dated. */
export const SHORT_TOLERANCE_MS = 5 * MINUTE_MS;

/** One key to verify webhooks with, or several. */
export type CoinflowWebhookKeys = string | readonly string[];

/** The options of webhooks: how they are verified and how duplicates are detected. */
export interface CoinflowWebhookOptions {
  /**
   * The Webhook Validation Key of the Coinflow dashboard, several during a rotation, or a function that returns them. One
   * matching key is enough. The function is called for each webhook: cache its result. It has four seconds; when it fails, the
   * webhook is answered 503. Anybody who has a key can forge every event.
   */
  keys: CoinflowWebhookKeys | (() => CoinflowWebhookKeys | Promise<CoinflowWebhookKeys>);
  /**
   * Whether to accept the webhook key in the `Authorization` header instead of a signature. The header does not protect the
   * body and is the same in every webhook: set this only if Coinflow does not sign yours. A signature that is present must be
   * valid in any case.
   * @default false
   */
  acceptAuthorization?: boolean;
  /**
   * The maximum age of a signature, in milliseconds. With less than 36 hours, retries of Coinflow after an outage can be
   * rejected, if it does not sign them again. The maximum is 37 hours: deliveries are remembered that long, and a later replay
   * would run again.
   * @default 37 hours; 5 minutes with `deliveries: false` and on routes with the guard alone
   */
  toleranceMs?: number;
  /**
   * A function that decides whether to run an event about another merchant. A parent merchant also receives the events of its
   * sub-merchants, which have user ids of their own: handlers must then check `event.merchantId`. `true` runs the event, any
   * other value acknowledges it without running it. The function may be asynchronous, has four seconds, and is called for each
   * delivery. When it throws, the webhook is answered 503. Events about sub-merchants themselves (`Sub-merchant ...`,
   * `Seller Blocked`) always run.
   * @default none: such an event is answered 503, so that Coinflow retries it for 36 hours, and logged once per merchant
   * @example
   * acceptMerchant: (merchantId) => subMerchants.has(merchantId)
   */
  acceptMerchant?: (merchantId: string) => boolean | Promise<boolean>;
  /**
   * The name of the consumer: the application, or the part of it, that handles these webhooks, such as `billing`. Coinflow sends
   * every event to every URL of a merchant. Consumers that share a store each run every event. All replicas of one application
   * have the same name. After a change of the name, events that Coinflow still retries run again.
   * @default none; required when `deliveries` is a store
   */
  consumer?: string;
  /**
   * Where deliveries are remembered for 37 hours, so that duplicates do not run. Use `redisDeliveryStore()` of
   * `nestjs-coinflow-auth/redis` for several replicas, or a store of your own; both require `consumer`. With `false` every
   * delivery runs.
   * @default the memory of this replica: the newest 100,000 deliveries, until a restart
   */
  deliveries?: DeliveryStore | false;
  /**
   * How long, in milliseconds, the shutdown of the application waits for deliveries that are running. New deliveries are
   * answered 503 meanwhile. A delivery that is still running afterwards loses its lease, and its event runs again.
   * @default 10_000
   */
  shutdownTimeoutMs?: number;
}

/** The options with their defaults. */
export type CompleteWebhookOptions = Readonly<
  Required<Pick<CoinflowWebhookOptions, 'keys' | 'acceptAuthorization' | 'shutdownTimeoutMs'>> &
    Pick<CoinflowWebhookOptions, 'toleranceMs' | 'acceptMerchant' | 'consumer' | 'deliveries'>
>;

/** The options as the rest of the code reads them. */
export interface ResolvedWebhookOptions extends CompleteWebhookOptions {
  /** A function, so that no inspection of the object shows the keys. */
  readonly keys: () => CoinflowWebhookKeys | Promise<CoinflowWebhookKeys>;
  /** For routes whose deliveries are recorded. */
  readonly toleranceMs: number;
  /** For routes whose deliveries are not recorded. */
  readonly unrecordedToleranceMs: number;
}

export function resolveWebhookOptions(options: CompleteWebhookOptions): ResolvedWebhookOptions {
  const { keys, toleranceMs, deliveries } = options;
  const list = typeof keys === 'function' ? [] : Object.freeze(typeof keys === 'string' ? [keys] : [...keys]);
  return Object.freeze({
    ...options,
    keys: typeof keys === 'function' ? keys : () => list,
    toleranceMs: toleranceMs ?? (deliveries === false ? SHORT_TOLERANCE_MS : DELIVERY_RETENTION_MS),
    unrecordedToleranceMs: toleranceMs ?? SHORT_TOLERANCE_MS,
  });
}
