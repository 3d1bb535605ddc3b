import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Injectable, Param, Post } from '@nestjs/common';
import {
  CoinflowEvent,
  CoinflowWebhook,
  CoinflowWebhooks,
  OnCoinflowEvent,
  type CoinflowWebhookEvent,
  type DeliveryStore,
} from 'nestjs-coinflow-auth';
import { redisDeliveryStore } from 'nestjs-coinflow-auth/redis';
import { InMemoryDeliveryStore } from '../libs/coinflow-auth/src/webhooks/in-memory-delivery-store.js';
import { RedisServer, describeWithRedis } from './harness/redis-server.js';
import { createWebhookApp, deliver, settled, type WebhookApp } from './harness/webhooks.js';

const ran: string[] = [];
let deliveryId = '';

@Injectable()
class Handlers {
  @OnCoinflowEvent('Settled')
  settled(event: CoinflowWebhookEvent): void {
    deliveryId = event.deliveryId;
    ran.push('handler');
  }
}

@Controller('webhooks')
class RoutesController {
  @Post(':service')
  @CoinflowWebhook()
  receive(@Param('service') service: string, @CoinflowEvent() event: CoinflowWebhookEvent): void {
    ran.push(`${service} ${event.eventType}`);
  }
}

const apps: WebhookApp[] = [];

beforeEach(() => void (ran.length = 0));
afterEach(async () => {
  for (const app of apps.splice(0)) await app.close();
});

async function start(consumer: string, deliveries?: DeliveryStore | false): Promise<WebhookApp> {
  const app = await createWebhookApp({
    providers: [Handlers],
    controllers: [RoutesController],
    webhook: { consumer, deliveries },
    options: { merchantId: 'shop' },
  });
  apps.push(app);
  return app;
}

async function send(app: WebhookApp): Promise<void> {
  for (const service of ['a', 'b']) {
    expect((await deliver(`${app.url}/webhooks/${service}`, settled())).status).toBe(200);
  }
}

const ALL = ['handler', 'a Settled', 'b Settled'];

function forgetTests(open: () => DeliveryStore | undefined): void {
  it('runs the handlers and all routes of a forgotten delivery again, once', async () => {
    const app = await start('billing', open());
    await send(app);
    await app.app.get(CoinflowWebhooks).forget(deliveryId);
    for (let time = 0; time < 2; time += 1) await send(app);
    expect(ran).toEqual([...ALL, ...ALL]);
  });
}

describe('CoinflowWebhooks.forget() with the in-process store', () => {
  forgetTests(() => undefined);

  it('keeps a forgotten delivery recorded for another consumer', async () => {
    const store = new InMemoryDeliveryStore();
    const [billing, mailing] = [await start('billing', store), await start('mailing', store)];
    for (const app of [billing, mailing]) await send(app);
    await billing.app.get(CoinflowWebhooks).forget(deliveryId);
    ran.length = 0;
    await send(mailing);
    expect(ran).toEqual([]);
    await send(billing);
    expect(ran).toEqual(ALL);
  });

  it('does nothing in forget() where deliveries are not recorded', async () => {
    const app = await start('billing', false);
    await send(app);
    await expect(app.app.get(CoinflowWebhooks).forget(deliveryId)).resolves.toBeUndefined();
  });

  it.each(['', 'x'.repeat(42), `${'x'.repeat(43)}.`, '*'.repeat(43), undefined, 5])(
    'rejects a call of forget() with the invalid delivery id %p',
    async (id) => {
      const { app } = await start('billing');
      await expect(app.get(CoinflowWebhooks).forget(id as string)).rejects.toMatchObject({
        code: 'COINFLOW_INVALID_ARGUMENT',
        argument: 'deliveryId',
      });
    },
  );

  it('rejects a call of forget() while the delivery store is down', async () => {
    const store = new InMemoryDeliveryStore();
    store.forget = () => Promise.reject(new Error('ECONNREFUSED'));
    const { app } = await start('billing', store);
    await expect(app.get(CoinflowWebhooks).forget('x'.repeat(43))).rejects.toMatchObject({
      code: 'COINFLOW_WEBHOOK_STORE_UNAVAILABLE',
    });
  });
});

describeWithRedis('CoinflowWebhooks.forget() with Redis (skipped without redis-server)', () => {
  let redis: RedisServer;
  beforeEach(async () => void (redis = await RedisServer.start()));
  afterEach(() => redis.kill());
  forgetTests(() => redisDeliveryStore({ url: redis.url }));
});

it('logs a duplicate with its id and with how to run it again', async () => {
  const app = await start('billing');
  await send(app);
  expect(app.logger.at('log').filter((line) => line.includes('forget'))).toEqual([]);
  await deliver(`${app.url}/webhooks/a`, settled());
  expect(app.logger.at('log').filter((line) => line.includes(deliveryId))).toEqual([
    expect.stringContaining('call CoinflowWebhooks.forget()'),
  ]);
});
