import { Controller, Post } from '@nestjs/common';
import {
  CoinflowWebhook,
  CoinflowWebhooks,
  signWebhook,
  type CoinflowWebhookMetrics,
  type CoinflowWebhookOptions,
} from 'nestjs-coinflow-auth';
import { createTestApp, type TestApp, type TestAppOptions } from './create-test-app.js';
import { send, type SentResponse } from './send.js';

export const WEBHOOK_KEY = 'canary_webhook_key_51f0';

/** A webhook route with an empty method. */
@Controller('webhooks')
export class WebhookController {
  @Post()
  @CoinflowWebhook()
  receive(): void {}
}

/** A `Settled` event of version 3. */
export function settled(data: Record<string, unknown> = {}, envelope: Record<string, unknown> = {}): object {
  return {
    eventType: 'Settled',
    category: 'Purchase',
    created: '2026-01-01T00:00:00.000Z',
    data: { id: 'payment-1', customerId: 'alice', subtotal: { cents: 1_500 }, ...data },
    ...envelope,
  };
}

export interface Delivery {
  /** The body, instead of the event's JSON. */
  raw?: Uint8Array | string;
  key?: string;
  /** The time of the signature in milliseconds since 1970. */
  now?: number;
  /** Override the default headers; `undefined` removes one. */
  headers?: Record<string, string | undefined>;
}

export interface WebhookApp extends TestApp {
  /** Sends an event as Coinflow does. */
  deliver: (event: object, delivery?: Delivery) => Promise<SentResponse>;
  webhookMetrics: () => CoinflowWebhookMetrics;
}

export async function createWebhookApp({
  webhook = {},
  ...options
}: TestAppOptions & { webhook?: Partial<CoinflowWebhookOptions> } = {}): Promise<WebhookApp> {
  const app = await createTestApp({
    controllers: [WebhookController],
    rawBody: true,
    ...options,
    options: { ...options.options, webhook: { keys: WEBHOOK_KEY, ...webhook } },
  });
  return {
    ...app,
    deliver: (event, delivery) => deliver(`${app.url}/webhooks`, event, delivery),
    webhookMetrics: () => app.app.get(CoinflowWebhooks).metrics(),
  };
}

/** Sends an event as Coinflow does. */
export function deliver(url: string, event: object, delivery: Delivery = {}): Promise<SentResponse> {
  const { raw = JSON.stringify(event), key = WEBHOOK_KEY, now, headers } = delivery;
  const all = {
    'content-type': 'application/json',
    'coinflow-signature': signWebhook({ rawBody: raw, keys: key, now }),
    ...headers,
  };
  const given = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return send(url, { method: 'POST', raw, headers: Object.fromEntries(given) });
}
