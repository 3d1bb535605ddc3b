import { createHash } from 'node:crypto';
import { COINFLOW_EVENT_TYPES } from './event-types.js';
import type { ParsedEvent } from './parse-event.js';

const KNOWN = new Set<string>(COINFLOW_EVENT_TYPES);
/** The ids of documented shapes that have no `id`, the most particular first. Several names: all of them together. */
const OWN_IDS: readonly (readonly string[])[] = [
  ['subscriptionId'],
  ['rfiId'],
  ['transactionHash'],
  // Of a withdrawal; before it is on a chain its signature is empty.
  ['signature'],
  ['idempotencyKey'],
  // Of a refund or a reserve.
  ['paymentId'],
  // Of a limit, of which three thresholds can be passed at one moment.
  ['customerId', 'thresholdPercent'],
  // Of whom somebody has looked at: a person, or a merchant below this one.
  ['wallet'],
  ['merchantId', 'email'],
];

/**
 * What is the same for every delivery of an event: type, id and `created`; where one of them is missing, the body itself.
 * @param scope whose event: what is one id at two merchants, or in sandbox and prod, is two
 * @returns 43 characters of base64url, whatever the event contains
 */
export function deliveryIdOf(event: ParsedEvent, rawBody: Uint8Array, scope: readonly string[]): string {
  const id = ownId(event);
  const hash = createHash('sha256');
  if (id && event.created) return digest(hash.update(JSON.stringify([...scope, event.eventType, id, event.created])));
  return digest(hash.update(JSON.stringify(scope)).update(rawBody));
}

function ownId({ eventType, data }: ParsedEvent): unknown[] | undefined {
  // Of a type that is not known, a field of one of these names may be anything, and two events must not become one.
  const candidates = [['id'], ...(KNOWN.has(eventType) ? OWN_IDS : [])];
  const idOf = (name: string): unknown => (Object.hasOwn(data, name) ? data[name] : undefined);
  return candidates.map((names) => names.map(idOf)).find((values) => values.every(isId));
}

function isId(value: unknown): boolean {
  return (typeof value === 'string' && value !== '') || typeof value === 'number';
}

function digest(hash: ReturnType<typeof createHash>): string {
  return hash.digest('base64url');
}
