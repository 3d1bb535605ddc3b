import { createHmac } from 'node:crypto';
import { request as http } from 'node:http';
import { request as https } from 'node:https';
import type { EmulatorClock } from '../clock.js';
import { categoryOf } from './event-types.js';
import { sampleData, type SampleData } from './sample-data.js';
import type { EmulatorWebhookEndpoint, EmulatorWebhookEvent, EmulatorWebhookSending } from './webhook-options.js';

/** A signed HTTP message. */
export interface WebhookMessage {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly signedAt: number | null;
}

/** Creates the messages of one event for one endpoint: the first and those of the retries. */
export class WebhookMessages {
  readonly #data: unknown;
  #created: string;
  #signedAt: number;

  constructor(
    private readonly event: EmulatorWebhookEvent,
    private readonly endpoint: EmulatorWebhookEndpoint,
    private readonly sending: EmulatorWebhookSending,
    private readonly clock: EmulatorClock,
    merchantId: string,
  ) {
    const now = this.#now();
    const sample = sampleData(event.eventType, { version: endpoint.version, merchantId, now });
    this.#data = {
      ...(event.data?.wallet === undefined ? sample : withoutCustomer(sample)),
      ...totalOf(sample, event.data),
      ...event.data,
    };
    this.#created = event.created ?? now;
    this.#signedAt = this.#signingTime();
  }

  first(): WebhookMessage {
    return this.#message();
  }

  retry(): WebhookMessage {
    const { signAgain = true, newCreated = false } = this.sending;
    if (newCreated) this.#created = this.#now();
    // A changed body needs a new signature.
    if (signAgain || newCreated) this.#signedAt = this.#signingTime();
    return this.#message();
  }

  #message(): WebhookMessage {
    const { eventType, category = categoryOf(eventType) } = this.event;
    const { sign = true, key = this.endpoint.key, tampering = 'none' } = this.sending;
    const envelope = { eventType, category, created: this.#created, data: this.#data };
    const body = JSON.stringify(envelope);
    const signature = createHmac('sha256', key).update(`${this.#signedAt}.${body}`).digest('hex');
    return {
      body: tamperings[tampering](envelope, body),
      signedAt: sign ? this.#signedAt : null,
      headers: {
        'content-type': 'application/json',
        ...(this.endpoint.authorization && { authorization: key }),
        ...(sign && { 'coinflow-signature': `t=${this.#signedAt},v1=${signature}` }),
      },
    };
  }

  #now(): string {
    return new Date(this.clock.nowMs()).toISOString();
  }

  #signingTime(): number {
    return Math.floor((this.clock.nowMs() - (this.sending.signedAgoMs ?? 0)) / 1_000);
  }
}

/** The fees of the sample are zero, so that a given subtotal is the total as well. */
function totalOf(sample: SampleData, { subtotal }: SampleData = {}): SampleData {
  return subtotal !== undefined && 'subtotal' in sample ? { total: subtotal } : {};
}

/** An event names one user: a given wallet replaces the customer id of the sample. */
function withoutCustomer(sample: SampleData): SampleData {
  return { ...sample, customerId: undefined, rawCustomerId: undefined };
}

const tamperings = {
  none: (_envelope: object, body: string) => body,
  tampered: (envelope: object) => JSON.stringify({ ...envelope, tampered: true }),
  reserialized: (envelope: object) => JSON.stringify(envelope, null, 1),
};

/** The status of the response, or the reason why there is none. */
interface Posted {
  status: number | undefined;
  error: string | undefined;
}

/** Posts a message over a new connection without following redirects. */
export function post(url: string, { body, headers }: WebhookMessage, signal: AbortSignal): Promise<Posted> {
  return new Promise((resolve) => {
    const send = url.startsWith('https:') ? https : http;
    const outgoing = send(url, { method: 'POST', agent: false, signal, headers });
    const fail = (error: NodeJS.ErrnoException): void => {
      const isLate = (signal.reason as Error | undefined)?.name === 'TimeoutError';
      resolve({ status: undefined, error: isLate ? 'timeout' : (error.code ?? error.message) });
    };
    outgoing.once('error', fail).once('response', (response) => {
      response.once('error', fail).once('end', () => resolve({ status: response.statusCode, error: undefined }));
      response.resume();
    });
    outgoing.end(body);
  });
}
