import type { DeliveryStore } from './delivery-store.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** For how long a delivery is remembered: the 36 hours for which Coinflow tries again, and one more. */
export const DELIVERY_MEMORY_MS = 37 * HOUR_MS;
/** How old a signature may be where nothing remembers that it came before; and how far in the future it may lie. */
export const SHORT_TOLERANCE_MS = 5 * MINUTE_MS;

const SHUTDOWN_TIMEOUT_MS = 10_000;

/** How a webhook proves that it is Coinflow's: by a signature over its body, or by the key itself in `Authorization`. */
export type CoinflowWebhookProof = 'signature' | 'authorization';

/** The proofs that can be asked for. */
export const WEBHOOK_PROOFS: readonly CoinflowWebhookProof[] = ['signature', 'authorization'];

/** One key to verify webhooks with, or several. */
export type CoinflowWebhookKeys = string | readonly string[];

/** How webhooks are believed, and how their deliveries are remembered. */
export interface CoinflowWebhookOptions {
  /**
   * The Webhook Validation Key of the Coinflow dashboard, or several while it is rotated: one that fits is enough. Or a function
   * that gives the current ones: called for each webhook, so cache in it; it has four seconds, and failing is a 503. Whoever has
   * a key can forge every event.
   */
  keys: CoinflowWebhookKeys | (() => CoinflowWebhookKeys | Promise<CoinflowWebhookKeys>);
  /**
   * The proofs that are taken. `authorization` also takes a webhook without a signature that has the key in `Authorization`,
   * which says nothing of the body and travels with every webhook: only if Coinflow does not sign yours. A signature that is
   * there must be right in any case.
   * @default ['signature']
   */
  proofs?: readonly CoinflowWebhookProof[];
  /**
   * How old, in milliseconds, a signature may be. Shorter than 36 hours refuses what Coinflow sends again after an outage, if
   * it does not sign again. At most 37 hours, for which deliveries are remembered: later a replay would run.
   * @default 133_200_000 (37 hours) under `@CoinflowWebhook()`; 300_000 (5 minutes) where nothing remembers deliveries: with `deliveries: false`, and on routes with the guard alone
   */
  toleranceMs?: number;
  /**
   * Whether to run events about another merchant. The URLs of a parent also get the events of its sub-merchants, whose user ids
   * are their own: a handler must then look at `event.merchantId`. `true` runs them, any other value acknowledges them without
   * running. It may be asynchronous, has four seconds, and is called for each delivery. When it throws: 503. Types about
   * sub-merchants themselves (`Sub-merchant ...`, `Seller Blocked`) always run.
   * @default none: such an event is answered 503, so that Coinflow sends it again for 36 hours, and logged once for each merchant
   * @example
   * acceptMerchant: (merchantId) => subMerchants.has(merchantId)
   */
  acceptMerchant?: (merchantId: string) => boolean | Promise<boolean>;
  /**
   * Names the application, or the part of it, that handles these webhooks on its own account: `billing`, `mailing`. Coinflow
   * sends every event to every URL of a merchant; consumers that share a store each run it. The replicas of one application
   * have the same. Another name runs again what Coinflow still sends.
   * @default none; required where `deliveries` is a store
   */
  consumer?: string;
  /**
   * Where deliveries are remembered for 37 hours, so that none takes effect twice: `redisDeliveryStore()` of
   * `nestjs-coinflow-auth/redis` where there is more than one process, a store of your own, or `false` to remember none, so
   * that every delivery runs. A store needs `consumer`.
   * @default the memory of this process: the newest 100,000; a restart forgets
   */
  deliveries?: DeliveryStore | false;
  /**
   * For how long, in milliseconds, the shutdown of the application waits for deliveries that run, also those whose senders have
   * hung up. New ones are answered 503 meanwhile. What still runs afterwards loses its lease, and its event runs again.
   * @default 10_000
   */
  shutdownTimeoutMs?: number;
}

/** The options as the rest of the code reads them. */
export interface ResolvedWebhookOptions {
  /** A function, so that the keys show in no inspection of the object. */
  readonly keys: () => CoinflowWebhookKeys | Promise<CoinflowWebhookKeys>;
  readonly proofs: readonly CoinflowWebhookProof[];
  /** Where deliveries are remembered. */
  readonly toleranceMs: number;
  /** On routes that remember none. */
  readonly unrememberedToleranceMs: number;
  readonly acceptMerchant: CoinflowWebhookOptions['acceptMerchant'];
  /** Given wherever `deliveries` is a store. */
  readonly consumer: string | undefined;
  readonly shutdownTimeoutMs: number;
  /** `undefined` is the memory of the process. */
  readonly deliveries: DeliveryStore | false | undefined;
}

/** Fills in the defaults; the options are checked before. */
export function resolveWebhookOptions(options: CoinflowWebhookOptions): ResolvedWebhookOptions {
  const { keys, proofs, toleranceMs, acceptMerchant, consumer, deliveries, shutdownTimeoutMs } = options;
  const all = typeof keys === 'function' ? [] : Object.freeze(typeof keys === 'string' ? [keys] : [...keys]);
  const remembered = deliveries === false ? SHORT_TOLERANCE_MS : DELIVERY_MEMORY_MS;
  return Object.freeze({
    keys: typeof keys === 'function' ? keys : () => all,
    proofs: Object.freeze([...(proofs ?? ['signature' as const])]),
    toleranceMs: toleranceMs ?? remembered,
    unrememberedToleranceMs: toleranceMs ?? SHORT_TOLERANCE_MS,
    acceptMerchant: acceptMerchant ?? undefined,
    consumer: consumer ?? undefined,
    shutdownTimeoutMs: shutdownTimeoutMs ?? SHUTDOWN_TIMEOUT_MS,
    deliveries: deliveries ?? undefined,
  });
}
