import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { requireInteger, requireOneOf } from '../checks.js';
import type { EmulatorClock } from '../clock.js';
import { post } from './post.js';
import { WebhookEndpoints } from './webhook-endpoints.js';
import { WebhookMessages, type WebhookMessage } from './webhook-message.js';
import {
  ORDERS,
  TAMPERINGS,
  type EmulatorWebhookAttempt,
  type EmulatorWebhookEndpoint,
  type EmulatorWebhookEvent,
  type EmulatorWebhookOrder,
  type EmulatorWebhookResult,
  type EmulatorWebhookSending,
} from './webhook-options.js';

const MAX_LOGGED = 1_000;
const LONGEST_WAIT = 40;
/** What `setTimeout` can wait for. */
const MAX_MS = 2 ** 31 - 1;

/** Sends webhooks, and again until they are acknowledged. */
export class Webhooks {
  readonly endpoints = new WebhookEndpoints();
  #log: EmulatorWebhookAttempt[] = [];
  #cancel = newCancel();

  constructor(
    private readonly clock: EmulatorClock,
    private readonly merchantId: string,
  ) {}

  /** The newest 1,000. */
  get log(): readonly EmulatorWebhookAttempt[] {
    return this.#log;
  }

  /**
   * Sends events one after the other: the next when the one before is acknowledged, or given up.
   * @throws {RangeError} naming what cannot be
   */
  async send(
    events: readonly EmulatorWebhookEvent[],
    sending: EmulatorWebhookSending = {},
    order: EmulatorWebhookOrder = 'given',
  ): Promise<EmulatorWebhookResult[]> {
    check(sending);
    requireOneOf('order', order, ORDERS);
    const endpoints = this.endpoints.find(sending.endpoint);
    const results: EmulatorWebhookResult[] = [];
    for (const event of arranged(events, order)) {
      results.push(...(await Promise.all(endpoints.map((endpoint) => this.#sendTo(endpoint, event, sending)))));
    }
    return results;
  }

  /** Forgets what was sent, and sends nothing again any more. */
  cancel(): void {
    this.#cancel.abort();
    this.#cancel = newCancel();
    this.#log = [];
  }

  async #sendTo(
    endpoint: EmulatorWebhookEndpoint,
    event: EmulatorWebhookEvent,
    sending: EmulatorWebhookSending,
  ): Promise<EmulatorWebhookResult> {
    const messages = new WebhookMessages(event, endpoint, sending, this.clock, this.merchantId);
    const first = messages.first();
    const copies = Array.from({ length: sending.copies ?? 1 }, (_, index) => index + 1);
    const attempts: EmulatorWebhookAttempt[] = [];
    const { signal } = this.#cancel;
    const sent = await Promise.all(
      copies.map(async (copy) => {
        const { attempts: most = 20, retryAfterMs = 50 } = sending;
        for (let attempt = 1, pauseMs = retryAfterMs; ; attempt += 1, pauseMs *= 2) {
          const message = attempt === 1 ? first : messages.retry();
          const made = await this.#attempt({ attempt, copy, url: endpoint.url, event, message }, sending, signal);
          attempts.push(made);
          if (made.status === 200) return true;
          if (attempt >= most || signal.aborted) return false;
          await delay(Math.min(pauseMs, retryAfterMs * LONGEST_WAIT), undefined, { signal }).catch(() => undefined);
          if (signal.aborted) return false;
        }
      }),
    );
    return { url: endpoint.url, acknowledged: sent.every(Boolean), attempts };
  }

  async #attempt(
    { attempt, copy, url, event, message }: Sent,
    { timeoutMs = 5_000 }: EmulatorWebhookSending,
    cancelled: AbortSignal,
  ): Promise<EmulatorWebhookAttempt> {
    const at = new Date(this.clock.nowMs()).toISOString();
    const startedAt = performance.now();
    const answer = await post(url, message, AbortSignal.any([cancelled, AbortSignal.timeout(timeoutMs)]));
    const durationMs = Math.round(performance.now() - startedAt);
    const { body, signedAt } = message;
    const made = { attempt, copy, url, eventType: event.eventType, at, signedAt, body, ...answer, durationMs };
    if (!cancelled.aborted) this.#log.push(made);
    if (this.#log.length > MAX_LOGGED) this.#log.shift();
    return made;
  }
}

/** One for all that is being sent: as many listen as there are copies. */
function newCancel(): AbortController {
  const cancel = new AbortController();
  setMaxListeners(Infinity, cancel.signal);
  return cancel;
}

interface Sent {
  attempt: number;
  copy: number;
  url: string;
  event: EmulatorWebhookEvent;
  message: WebhookMessage;
}

function check({ copies, attempts, retryAfterMs, timeoutMs, signedAgoMs, tampering }: EmulatorWebhookSending): void {
  if (copies !== undefined) requireInteger('copies', copies, 1, 1_000);
  if (attempts !== undefined) requireInteger('attempts', attempts, 1, 1_000_000);
  if (retryAfterMs !== undefined) requireInteger('retryAfterMs', retryAfterMs, 0, Math.floor(MAX_MS / LONGEST_WAIT));
  if (timeoutMs !== undefined) requireInteger('timeoutMs', timeoutMs, 1, MAX_MS);
  if (signedAgoMs !== undefined) requireInteger('signedAgoMs', signedAgoMs, -1e12, 1e12);
  if (tampering !== undefined) requireOneOf('tampering', tampering, TAMPERINGS);
}

function arranged<T>(events: readonly T[], order: EmulatorWebhookOrder): readonly T[] {
  if (order === 'given') return events;
  if (order === 'reversed') return events.toReversed();
  return events
    .map((event) => ({ event, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ event }) => event);
}
