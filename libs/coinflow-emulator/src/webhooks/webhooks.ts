import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { requireInteger, requireOneOf } from '../validation.js';
import type { EmulatorClock } from '../clock.js';
import { WebhookEndpoints } from './webhook-endpoints.js';
import { WebhookMessages, post, type WebhookMessage } from './webhook-message.js';
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

/** After the response of the call, so that a merchant sees the response first. */
const SOON_MS = 10;
const MAX_LOGGED = 1_000;
const MAX_WAIT_FACTOR = 40;
/** The longest delay of `setTimeout`. */
const MAX_MS = 2 ** 31 - 1;

/** Sends webhooks and retries until they are acknowledged. */
export class Webhooks {
  readonly endpoints = new WebhookEndpoints();
  #log: EmulatorWebhookAttempt[] = [];
  #cancel = newCancel();

  constructor(
    private readonly clock: EmulatorClock,
    private readonly merchantId: string,
  ) {}

  /** The newest 1,000 attempts. */
  get log(): readonly EmulatorWebhookAttempt[] {
    return this.#log;
  }

  /**
   * Sends events one after the other: each after the last attempt of the previous one.
   * @throws `RangeError` naming the invalid setting
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
    for (const event of inOrder(events, order)) {
      results.push(...(await Promise.all(endpoints.map((endpoint) => this.#sendTo(endpoint, event, sending)))));
    }
    return results;
  }

  /**
   * Sends an event and does not wait for its retries.
   * @returns after the first attempt at every endpoint: whether all have acknowledged it, and whether there are retries
   * @throws `RangeError` naming the invalid setting
   */
  async sendFirst(
    event: EmulatorWebhookEvent,
    sending: EmulatorWebhookSending = {},
  ): Promise<{ acknowledged: boolean; isRetried: boolean }> {
    check(sending);
    const endpoints = this.endpoints.find(sending.endpoint);
    const sent = await Promise.all(
      endpoints.flatMap((endpoint) => this.#copies(endpoint, event, sending)).map(({ first }) => first),
    );
    const acknowledged = sent.every(isAcknowledged);
    return { acknowledged, isRetried: !acknowledged && maxAttempts(sending) > 1 };
  }

  /**
   * Sends an event shortly afterwards to every registered endpoint, as Coinflow does after a payment.
   * @param customerId names the user: `wallet` in version 2, `customerId` in version 3
   */
  sendSoon(eventType: string, data: Record<string, unknown>, customerId: string): void {
    const { signal } = this.#cancel;
    const send = (): void => {
      for (const { id, version } of this.endpoints.all) {
        const user = version === 2 ? { wallet: customerId } : { customerId, rawCustomerId: customerId };
        void this.send([{ eventType, data: { ...data, ...user } }], { endpoint: id });
      }
    };
    delay(SOON_MS, undefined, { signal, ref: false }).then(send, () => undefined);
  }

  /** Cancels all retries and clears the log. */
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
    const attempts: EmulatorWebhookAttempt[] = [];
    const copies = this.#copies(endpoint, event, sending, (made) => attempts.push(made));
    const last = await Promise.all(copies.map((copy) => copy.last));
    return { url: endpoint.url, acknowledged: last.every(isAcknowledged), attempts };
  }

  /** Sends each copy of an event to an endpoint. Returns the first and the last attempt of each copy. */
  #copies(
    { url, ...endpoint }: EmulatorWebhookEndpoint,
    event: EmulatorWebhookEvent,
    sending: EmulatorWebhookSending,
    onAttempt: (made: EmulatorWebhookAttempt) => void = () => undefined,
  ): { first: Promise<EmulatorWebhookAttempt>; last: Promise<EmulatorWebhookAttempt> }[] {
    const messages = new WebhookMessages(event, { url, ...endpoint }, sending, this.clock, this.merchantId);
    const firstMessage = messages.first();
    const { signal } = this.#cancel;
    return Array.from({ length: sending.copies ?? 1 }, (_, index) => {
      const send = async (attempt: number, message: WebhookMessage): Promise<EmulatorWebhookAttempt> => {
        const made = await this.#attempt({ attempt, copy: index + 1, url, event, message }, sending, signal);
        onAttempt(made);
        return made;
      };
      const first = send(1, firstMessage);
      return {
        first,
        last: first.then((made) => retry(made, (attempt) => send(attempt, messages.retry()), sending, signal)),
      };
    });
  }

  async #attempt(
    { attempt, copy, url, event, message }: Outgoing,
    { timeoutMs = 5_000 }: EmulatorWebhookSending,
    cancelled: AbortSignal,
  ): Promise<EmulatorWebhookAttempt> {
    const at = new Date(this.clock.nowMs()).toISOString();
    const startedAt = performance.now();
    const response = await post(url, message, AbortSignal.any([cancelled, AbortSignal.timeout(timeoutMs)]));
    const durationMs = Math.round(performance.now() - startedAt);
    const { body, signedAt } = message;
    const made = { attempt, copy, url, eventType: event.eventType, at, signedAt, body, ...response, durationMs };
    if (!cancelled.aborted) this.#log.push(made);
    if (this.#log.length > MAX_LOGGED) this.#log.shift();
    return made;
  }
}

/** Retries until the event is acknowledged, the attempts are used up or `signal` aborts. @returns the last attempt */
async function retry(
  made: EmulatorWebhookAttempt,
  send: (attempt: number) => Promise<EmulatorWebhookAttempt>,
  sending: EmulatorWebhookSending,
  signal: AbortSignal,
): Promise<EmulatorWebhookAttempt> {
  const { retryAfterMs = 50 } = sending;
  let last = made;
  for (let pauseMs = retryAfterMs; !isAcknowledged(last) && last.attempt < maxAttempts(sending); pauseMs *= 2) {
    await delay(Math.min(pauseMs, retryAfterMs * MAX_WAIT_FACTOR), undefined, { signal }).catch(() => undefined);
    if (signal.aborted) break;
    last = await send(last.attempt + 1);
  }
  return last;
}

function isAcknowledged({ status }: EmulatorWebhookAttempt): boolean {
  return status === 200;
}

function maxAttempts({ attempts = 20 }: EmulatorWebhookSending): number {
  return attempts;
}

/** One controller for everything that is being sent. Each copy adds a listener. */
function newCancel(): AbortController {
  const cancel = new AbortController();
  setMaxListeners(Infinity, cancel.signal);
  return cancel;
}

interface Outgoing {
  attempt: number;
  copy: number;
  url: string;
  event: EmulatorWebhookEvent;
  message: WebhookMessage;
}

function check({ copies, attempts, retryAfterMs, timeoutMs, signedAgoMs, tampering }: EmulatorWebhookSending): void {
  if (copies !== undefined) requireInteger('copies', copies, 1, 1_000);
  if (attempts !== undefined) requireInteger('attempts', attempts, 1, 1_000_000);
  if (retryAfterMs !== undefined) requireInteger('retryAfterMs', retryAfterMs, 0, Math.floor(MAX_MS / MAX_WAIT_FACTOR));
  if (timeoutMs !== undefined) requireInteger('timeoutMs', timeoutMs, 1, MAX_MS);
  if (signedAgoMs !== undefined) requireInteger('signedAgoMs', signedAgoMs, -1e12, 1e12);
  if (tampering !== undefined) requireOneOf('tampering', tampering, TAMPERINGS);
}

function inOrder<T>(events: readonly T[], order: EmulatorWebhookOrder): readonly T[] {
  if (order === 'given') return events;
  if (order === 'reversed') return events.toReversed();
  return events
    .map((event) => ({ event, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ event }) => event);
}
