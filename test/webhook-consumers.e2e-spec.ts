import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Injectable, Module, Param, Post } from '@nestjs/common';
import { RouterModule } from '@nestjs/core';
import {
  CoinflowAuthModule,
  CoinflowEvent,
  CoinflowWebhook,
  OnCoinflowEvent,
  type DeliveryStore,
} from 'nestjs-coinflow-auth';
import { InMemoryDeliveryStore } from '../libs/coinflow-auth/src/webhooks/in-memory-delivery-store.js';
import { PLATFORMS, createTestApp, optionsFor, type TestApp } from './harness/create-test-app.js';
import { WEBHOOK_KEY, WebhookController, createWebhookApp, deliver, settled } from './harness/webhooks.js';

const ran: string[] = [];

@Injectable()
class Handlers {
  @OnCoinflowEvent('Settled')
  settled(): void {
    ran.push('handler');
  }
}

@Controller('webhooks')
class TwoRoutesController {
  @Post('billing')
  @CoinflowWebhook()
  billing(): void {
    ran.push('billing');
  }

  @Post('mailing')
  @CoinflowWebhook()
  mailing(): void {
    ran.push('mailing');
  }

  @Post('of/:service')
  @CoinflowWebhook()
  of(@Param('service') service: string): void {
    ran.push(service);
  }
}

const apps: TestApp[] = [];
let store: DeliveryStore;

beforeEach(() => {
  ran.length = 0;
  store = new InMemoryDeliveryStore();
});

afterEach(async () => {
  for (const app of apps.splice(0)) await app.close();
});

async function start(consumer: string, options: Parameters<typeof createWebhookApp>[0] = {}): Promise<TestApp> {
  const app = await createWebhookApp({
    providers: [Handlers],
    webhook: { consumer, deliveries: store },
    // Each emulator has its own merchant.
    options: { merchantId: 'shop' },
    ...options,
  });
  apps.push(app);
  return app;
}

async function statusOf(app: TestApp, path = '/webhooks', event = settled()): Promise<number> {
  return (await deliver(app.url + path, event)).status;
}

describe('applications that share a delivery store', () => {
  it('runs an event once for each consumer of a shared delivery store', async () => {
    for (const consumer of ['billing', 'mailing']) expect(await statusOf(await start(consumer))).toBe(200);
    expect(ran).toEqual(['handler', 'handler']);
  });

  it('runs an event once for two applications with the same consumer', async () => {
    for (const consumer of ['billing', 'billing']) expect(await statusOf(await start(consumer))).toBe(200);
    expect(ran).toEqual(['handler']);
  });

  it.each([{ merchantId: 'other' }, { env: 'sandbox' as const }])(
    'runs an event once in each scope of a shared delivery store: %j',
    async (scope) => {
      const first = await start('billing');
      const { baseUrl } = optionsFor(first.coinflow);
      const second = await start('billing', {
        options: { merchantId: 'shop', baseUrl, allowPlainHttp: true, ...scope },
      });
      for (const app of [first, second]) expect(await statusOf(app)).toBe(200);
      expect(ran).toEqual(['handler', 'handler']);
    },
  );
});

it('runs an event once for each of two instances of one merchant in one application', async () => {
  @Injectable()
  class HandlersOfBoth extends Handlers {
    @OnCoinflowEvent({ types: ['Settled'], instance: 'mailing' })
    mailing(): void {
      ran.push('handler of mailing');
    }
  }
  @Controller('webhooks')
  class BothController extends WebhookController {
    @Post('mailing')
    @CoinflowWebhook({ instance: 'mailing' })
    mailing(): void {
      ran.push('route of mailing');
    }
  }
  class Both {}
  const webhook = { keys: WEBHOOK_KEY, consumer: 'shop', deliveries: store };
  const app = await createTestApp({
    rawBody: true,
    controllers: [BothController],
    providers: [HandlersOfBoth],
    register: (options) => ({
      module: Both,
      imports: [{}, { name: 'mailing' }].map((extras) =>
        CoinflowAuthModule.forRoot({ ...options, webhook, ...extras }),
      ),
    }),
  });
  apps.push(app);
  for (const path of ['/webhooks', '/webhooks/mailing']) expect(await statusOf(app, path)).toBe(200);
  expect(ran).toEqual(['handler', 'handler of mailing', 'route of mailing']);
});

describe.each(PLATFORMS)('the webhook routes of one application on %s', (platform) => {
  it('runs each webhook route once for an event, and the handlers once in total', async () => {
    const app = await start('shop', { platform, controllers: [TwoRoutesController] });
    for (const path of ['/webhooks/billing', '/webhooks/mailing', '/webhooks/billing', '/webhooks/mailing']) {
      expect(await statusOf(app, path)).toBe(200);
    }
    expect(ran).toEqual(['handler', 'billing', 'mailing']);
  });

  it('runs the handlers once in total when several routes receive an event at the same time', async () => {
    const app = await start('shop', { platform, controllers: [TwoRoutesController] });
    const paths = Array.from({ length: 20 }, (_, index) => `/webhooks/${index % 2 ? 'billing' : 'mailing'}`);
    expect(new Set(await Promise.all(paths.map((path) => statusOf(app, path))))).toEqual(new Set([200]));
    expect(ran.sort()).toEqual(['billing', 'handler', 'mailing']);
  });

  it('counts a route with a parameter as one route for each value', async () => {
    const app = await start('shop', { platform, controllers: [TwoRoutesController] });
    for (const service of ['a', 'b', 'a', 'b']) expect(await statusOf(app, `/webhooks/of/${service}`)).toBe(200);
    expect(ran).toEqual(['handler', 'a', 'b']);
  });

  it('counts the route of a controller that two modules mount as two routes', async () => {
    @Module({ controllers: [TwoRoutesController] })
    class Billing {}
    @Module({ controllers: [TwoRoutesController] })
    class Mailing {}
    class Shop {}
    const app = await start('shop', {
      platform,
      controllers: [],
      register: (options) => ({
        module: Shop,
        imports: [
          CoinflowAuthModule.forRoot(options),
          Billing,
          Mailing,
          RouterModule.register([
            { path: 'one', module: Billing },
            { path: 'two', module: Mailing },
          ]),
        ],
      }),
    });
    for (const prefix of ['/one', '/two', '/one']) expect(await statusOf(app, `${prefix}/webhooks/billing`)).toBe(200);
    expect(ran).toEqual(['handler', 'billing', 'billing']);
  });
});

it('does not run a duplicate again when the path of its route is spelled differently', async () => {
  const app = await start('shop', { controllers: [TwoRoutesController] });
  for (const path of ['/webhooks/billing', '/WEBHOOKS/billing', '/webhooks/billing/', '/webhooks/billing?again=1']) {
    expect(await statusOf(app, path)).toBe(200);
  }
  expect(ran).toEqual(['handler', 'billing']);
});

it.each(PLATFORMS)(
  'does not run handlers again after a pipe of the route has rejected the event on %s',
  async (platform) => {
    class Dto {
      eventType?: string;
    }
    @Controller('webhooks')
    class DtoController {
      @Post()
      @CoinflowWebhook()
      receive(@CoinflowEvent() event: Dto): void {
        ran.push(`route of ${event.eventType}`);
      }
    }
    let rejects = true;
    const transform = (value: unknown): unknown => {
      if (rejects) throw new Error('Not a Dto');
      return value;
    };
    const app = await start('shop', {
      platform,
      controllers: [DtoController],
      configure: (nest) => void nest.useGlobalPipes({ transform }),
    });
    expect([await statusOf(app), await statusOf(app)]).toEqual([500, 500]);
    expect(ran).toEqual(['handler']);
    rejects = false;
    expect(await statusOf(app)).toBe(200);
    expect(ran).toEqual(['handler', 'route of Settled']);
  },
);
