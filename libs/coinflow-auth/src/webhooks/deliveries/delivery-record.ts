import { createHash } from 'node:crypto';

/** Who remembers a delivery. Two of them each run the same event. */
export interface RecordScope {
  readonly env: string;
  readonly merchantId: string;
  readonly consumer: string | undefined;
  /** The name of the instance; `undefined` is the unnamed one. */
  readonly instance: string | undefined;
}

/** The part of all ids under which a store remembers one delivery: a hash, so that it says nothing of the event. */
export function eventRecordOf({ env, merchantId, consumer, instance }: RecordScope, deliveryId: string): string {
  return hashOf([env, merchantId, consumer, instance, deliveryId]);
}

/** The id of the handlers that discovery finds: they run once for a consumer and instance, through whichever route. */
export function handlersRecordOf(eventRecord: string): string {
  return `${eventRecord}.handlers`;
}

/** The id of the body of one route: each route does work of its own. */
export function routeRecordOf(eventRecord: string, route: readonly unknown[]): string {
  return `${eventRecord}.${hashOf(route)}`;
}

function hashOf(parts: readonly unknown[]): string {
  // As JSON, in which two lists are never the same text.
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
}
