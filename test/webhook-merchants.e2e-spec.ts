import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Injectable, Post, UseGuards } from '@nestjs/common';
import {
  COINFLOW_EVENT_TYPES,
  CoinflowEvent,
  CoinflowWebhook,
  CoinflowWebhookGuard,
  OnCoinflowEvent,
  type CoinflowWebhookEvent,
  type CoinflowWebhookOptions,
} from 'nestjs-coinflow-auth';
import { PLATFORMS, type Platform } from './harness/create-test-app.js';
import { createWebhookApp, deliver, settled, type WebhookApp } from './harness/webhooks.js';

const OWN = 'my-merchant';
const UNAVAILABLE = { status: 503, body: { code: 'COINFLOW_WEBHOOK_UNAVAILABLE' }, headers: { 'retry-after': '60' } };
const ran: [string, string | undefined][] = [];

@Injectable()
class Handlers {
  @OnCoinflowEvent()
  all({ eventType, merchantId }: CoinflowWebhookEvent): void {
    ran.push([eventType, merchantId]);
  }
}

@Controller('webhooks')
class RoutesController {
  @Post()
  @CoinflowWebhook()
  receive(@CoinflowEvent() { merchantId }: CoinflowWebhookEvent): void {
    ran.push(['route', merchantId]);
  }

  @Post('guarded')
  @UseGuards(CoinflowWebhookGuard)
  guarded(@CoinflowEvent() { merchantId }: CoinflowWebhookEvent): void {
    ran.push(['guarded', merchantId]);
  }
}

let app: WebhookApp;

beforeEach(() => void (ran.length = 0));
afterEach(() => app.close());

async function start(
  acceptMerchant?: CoinflowWebhookOptions['acceptMerchant'],
  platform: Platform = 'express',
): Promise<WebhookApp> {
  return (app = await createWebhookApp({
    platform,
    providers: [Handlers],
    controllers: [RoutesController],
    options: { merchantId: OWN },
    webhook: { acceptMerchant },
  }));
}

describe.each(PLATFORMS)('an event about another merchant on %s', (platform) => {
  it("answers 503 to another merchant's events without acceptMerchant, and logs it once for each merchant", async () => {
    await start(undefined, platform);
    for (const merchantId of ['seller-1', 'seller-1', 'seller-2', OWN.toUpperCase(), `${OWN} `, '']) {
      expect(await app.deliver(settled({ merchantId }))).toMatchObject(UNAVAILABLE);
    }
    expect(await deliver(`${app.url}/webhooks/guarded`, settled({ merchantId: 'seller-1' }))).toMatchObject(
      UNAVAILABLE,
    );
    expect(ran).toEqual([]);
    const lines = app.logger.at('error');
    expect(lines).toHaveLength(5);
    expect(lines[0]).toMatch(/"seller-1".*accept-merchant-missing.*set webhook\.acceptMerchant/);
    expect(lines.every((line) => line.includes('webhook.acceptMerchant'))).toBe(true);
    expect(app.webhookMetrics()).toMatchObject({ unavailable: 7, notAccepted: 0, succeeded: 0 });
  });

  it.each<[string, () => boolean | Promise<boolean>]>([
    ['true', () => true],
    ['a promise of true', () => Promise.resolve(true)],
  ])(
    'runs an event when acceptMerchant returns %s, and passes its merchant to the handlers',
    async (_, acceptMerchant) => {
      await start(acceptMerchant, platform);
      expect((await app.deliver(settled({ merchantId: 'seller-1' }))).status).toBe(200);
      await deliver(`${app.url}/webhooks/guarded`, settled({ merchantId: 'seller-1' }));
      expect(ran).toEqual([
        ['Settled', 'seller-1'],
        ['route', 'seller-1'],
        ['guarded', 'seller-1'],
      ]);
    },
  );

  it.each([false, undefined, null, 1, 'true', {}, Promise.resolve('yes')])(
    'acknowledges an event without running it when acceptMerchant returns %p',
    async (value) => {
      await start(() => value as boolean, platform);
      for (const path of ['/webhooks', '/webhooks/guarded']) {
        expect((await deliver(app.url + path, settled({ merchantId: 'seller-1' }))).status).toBe(200);
      }
      expect(ran).toEqual([]);
      expect(app.webhookMetrics()).toMatchObject({ notAccepted: 2, succeeded: 0, unavailable: 0 });
    },
  );

  it.each<[string, () => boolean | Promise<boolean>]>([
    [
      'throws',
      () => {
        throw new Error('no database\n[Nest] forged');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no database\n[Nest] forged'))],
  ])('answers 503 when acceptMerchant %s', async (_, acceptMerchant) => {
    await start(acceptMerchant, platform);
    expect(await app.deliver(settled({ merchantId: 'seller-1' }))).toMatchObject(UNAVAILABLE);
    expect(ran).toEqual([]);
    expect(app.logger.at('error')).toEqual([expect.stringMatching(/accept-merchant-failed.*database \[Nest\] forged/)]);
  });
});

it("calls acceptMerchant for each delivery with another merchant's event", async () => {
  const calls: string[] = [];
  await start((merchantId) => calls.push(merchantId) > 1);
  await app.deliver(settled({ merchantId: 'seller-1' }));
  expect(ran).toEqual([]);
  await app.deliver(settled({ merchantId: 'seller-1' }));
  expect(ran).toHaveLength(2);
  await app.deliver(settled({ merchantId: OWN }));
  await app.deliver(settled());
  expect(calls).toEqual(['seller-1', 'seller-1']);
});

it.each([5, true, {}, ['my-merchant']])('answers 503 to a merchantId that is not a string: %j', async (merchantId) => {
  await start(() => true);
  expect(await app.deliver(settled({ merchantId }))).toMatchObject(UNAVAILABLE);
  expect(ran).toEqual([]);
});

describe('without acceptMerchant', () => {
  it.each([undefined, null, OWN])('runs an event whose merchantId is %p without acceptMerchant', async (merchantId) => {
    await start();
    expect((await app.deliver(settled({ merchantId }))).status).toBe(200);
    expect(ran[0]).toEqual(['Settled', merchantId ?? undefined]);
  });

  it('runs only event types about sub-merchants for another merchant without acceptMerchant', async () => {
    await start();
    for (const eventType of [...COINFLOW_EVENT_TYPES, 'Sub-merchant Something New']) {
      await app.deliver(settled({ merchantId: 'seller-1' }, { eventType }));
    }
    const types = ran.map(([type]) => type).filter((type) => type !== 'route');
    expect(types).toEqual([
      'Sub-merchant KYB Created',
      'Sub-merchant KYB Success',
      'Sub-merchant KYB Failure',
      'Sub-merchant Application Submitted',
      'Sub-merchant Application Approved',
      'Sub-merchant Application Declined',
      'Sub-merchant RFI Sent',
      'Sub-merchant RFI Submitted',
      'Seller Blocked',
      'Sub-merchant Something New',
    ]);
  });
});
