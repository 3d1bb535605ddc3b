import { createHash } from 'node:crypto';
import { CoinflowWebhookMalformedError } from '../errors/coinflow-auth.errors.js';
import type { CoinflowOpenData } from './event-data.js';
import type {
  CoinflowEventCategory,
  CoinflowEventData,
  CoinflowEventType,
  KnownCoinflowEventType,
} from './event-types.js';

interface Envelope<Type extends CoinflowEventType> {
  readonly eventType: Type;
  /** Empty if Coinflow did not send it. */
  readonly category: CoinflowEventCategory;
  /** When the event happened, in ISO 8601, as Coinflow sent it; empty if it did not. It may change when Coinflow retries. */
  readonly created: string;
  /**
   * The merchant that the event is about (`data.merchantId`): yours, a sub-merchant that `webhook.acceptMerchant`
   * accepts, or the sub-merchant that an event type about sub-merchants names. `undefined` if the event names none.
   * Users of another merchant are not your users, even if their ids are equal.
   */
  readonly merchantId: string | undefined;
  /** The data of the event. It was only checked to be an object. */
  readonly data: CoinflowEventData<Type>;
  /**
   * SHA-256 of the raw body, as 43 characters of base64url. A retry has the same id if its body is the same.
   * Use it for logs, queues and `CoinflowWebhooks.forget()`. Use fields of `data` as the key of anything that moves money.
   */
  readonly deliveryId: string;
  /**
   * Grows with every run of the delivery. Store it with each write and reject lower ones, so that a run that has lost its
   * lease cannot write. 0 if deliveries are not recorded.
   */
  readonly fencingToken: number;
  /** Aborted when the lease is lost: another replica may now run the delivery. Copies and JSON of the event do not contain it. */
  readonly signal: AbortSignal;
}

/**
 * A verified event from Coinflow. With a type parameter, `data` has the shape of that type. Without one, narrow the event
 * with {@link isCoinflowEvent}. Version 2 events name the user in `data.wallet`, version 3 events in `data.customerId`.
 * @example
 * CoinflowWebhookEvent<'Settled'>
 * CoinflowWebhookEvent<'Refund' | 'Refund Complete'>
 */
export type CoinflowWebhookEvent<Type extends CoinflowEventType = string> = Type extends CoinflowEventType
  ? Envelope<Type>
  : never;

/**
 * Whether an event has one of these types. Narrows the event, and with it the shape of its data.
 * @example
 * if (isCoinflowEvent(event, 'Settled')) credit(event.data.id, event.data.subtotal);
 */
export function isCoinflowEvent<Type extends KnownCoinflowEventType>(
  event: { readonly eventType: string },
  ...types: readonly [Type, ...Type[]]
): event is CoinflowWebhookEvent<Type> {
  return types.some((type) => type === event.eventType);
}

/** What a run may know of its lease. */
export type DeliveryLease = Pick<Envelope<string>, 'fencingToken' | 'signal'>;

/** For deliveries that are not recorded: they have no lease that could be lost. */
const NO_LEASE: DeliveryLease = { fencingToken: 0, signal: new AbortController().signal };

/** Fatal, because replacing invalid UTF-8 by U+FFFD could make two different ids equal. */
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** @returns the event for a run of its delivery */
export function eventOfRun(
  event: Omit<CoinflowWebhookEvent, keyof DeliveryLease>,
  lease = NO_LEASE,
): CoinflowWebhookEvent {
  const { fencingToken, signal } = lease;
  const copy = { ...event, fencingToken, signal };
  // A validation pipe copies the event into a class, field by field. An AbortSignal cannot be copied.
  return Object.freeze(Object.defineProperty(copy, 'signal', { enumerable: false }));
}

/**
 * Parses the body of a verified webhook. The run of a recorded delivery has its own fencing token and signal.
 * @throws {@link CoinflowWebhookMalformedError} when the body is not an event
 */
export function parseEvent(rawBody: Uint8Array): CoinflowWebhookEvent {
  const { eventType, category, created, data } = parseObject(rawBody);
  if (typeof eventType !== 'string' || eventType === '') throw malformed('has no eventType', 'event-type-missing');
  if (!isObject(data)) throw malformed('has no data object', 'data-missing');
  return eventOfRun({
    eventType,
    category: stringOrEmpty(category),
    created: stringOrEmpty(created),
    data,
    merchantId: typeof data.merchantId === 'string' ? data.merchantId : undefined,
    deliveryId: deliveryIdOf(rawBody),
  });
}

function parseObject(rawBody: Uint8Array): CoinflowOpenData {
  let value: unknown;
  try {
    value = JSON.parse(utf8.decode(rawBody));
  } catch {
    throw malformed('is not JSON in UTF-8', 'not-json');
  }
  if (!isObject(value)) throw malformed('is not a JSON object', 'not-an-object');
  return value;
}

function stringOrEmpty(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function isObject(value: unknown): value is CoinflowOpenData {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function malformed(problem: string, reason: string): CoinflowWebhookMalformedError {
  return new CoinflowWebhookMalformedError(`The body of a verified webhook ${problem}`, { reason });
}

const DELIVERY_ID = /^[\w-]{43}$/;

/**
 * The id of a delivery: SHA-256 of its raw body. Fields of the data cannot replace it: two different events may have the
 * same type, id and `created`, and the second would be lost. A retry with another body runs again.
 * @returns 43 characters of base64url
 */
export function deliveryIdOf(rawBody: Uint8Array): string {
  return createHash('sha256').update(rawBody).digest('base64url');
}

export function isDeliveryId(value: unknown): value is string {
  return typeof value === 'string' && DELIVERY_ID.test(value);
}
