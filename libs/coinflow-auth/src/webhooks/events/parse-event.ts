import { CoinflowWebhookMalformedError } from '../../errors/coinflow-auth.errors.js';
import type { CoinflowOpenData } from './event-data.js';

/** The envelope of an event, as it was sent. */
export interface ParsedEvent {
  readonly eventType: string;
  readonly category: string;
  readonly created: string;
  readonly data: CoinflowOpenData;
}

/** Invalid UTF-8 must not become U+FFFD: two different ids would become one. */
const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads an event from bytes that are proven to be Coinflow's.
 * @throws {CoinflowWebhookMalformedError} when they are none
 */
export function parseEvent(rawBody: Uint8Array): ParsedEvent {
  const { eventType, category, created, data } = parseObject(rawBody);
  if (typeof eventType !== 'string' || eventType === '') throw unreadable('without eventType', 'event-type-missing');
  if (!isObject(data)) throw unreadable('without data', 'data-missing');
  return { eventType, category: textOf(category), created: textOf(created), data };
}

function parseObject(rawBody: Uint8Array): CoinflowOpenData {
  let value: unknown;
  try {
    value = JSON.parse(utf8.decode(rawBody));
  } catch {
    throw unreadable('no JSON in UTF-8', 'not-json');
  }
  if (!isObject(value)) throw unreadable('no JSON object', 'not-an-object');
  return value;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function isObject(value: unknown): value is CoinflowOpenData {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function unreadable(what: string, reason: string): CoinflowWebhookMalformedError {
  return new CoinflowWebhookMalformedError(`A webhook that is proven to be Coinflow’s is ${what}`, { reason });
}
