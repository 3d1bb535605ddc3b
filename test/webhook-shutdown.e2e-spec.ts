import { request } from 'node:http';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Injectable, Post, UseGuards } from '@nestjs/common';
import { CoinflowWebhookGuard, OnCoinflowEvent, signWebhook } from 'nestjs-coinflow-auth';
import { ProcessDeliveryStore } from '../libs/coinflow-auth/src/webhooks/deliveries/process-delivery-store.js';
import { PLATFORMS } from './harness/create-test-app.js';
import { until } from './harness/until.js';
import {
  WEBHOOK_KEY,
  WebhookController,
  createWebhookApp,
  deliver,
  settled,
  type WebhookApp,
} from './harness/webhooks.js';

const happened: string[] = [];
let end: () => void;

@Injectable()
class Handlers {
  @OnCoinflowEvent('Settled')
  async settled(): Promise<void> {
    happened.push('begins');
    await new Promise<void>((resolve) => (end = resolve));
    happened.push('ends');
  }
}

class ClosingStore extends ProcessDeliveryStore {
  close(): void {
    happened.push('store closes');
  }

  override async complete(...given: Parameters<ProcessDeliveryStore['complete']>): Promise<boolean> {
    happened.push('completes');
    return super.complete(...given);
  }
}

@Controller('webhooks')
class RoutesController extends WebhookController {
  @Post('guarded')
  @UseGuards(CoinflowWebhookGuard)
  guarded(): void {
    happened.push('guarded');
  }
}

beforeEach(() => void (happened.length = 0));

/** Sends an event, and hangs up once it runs. */
async function sendAndHangUp(app: WebhookApp): Promise<void> {
  const raw = JSON.stringify(settled());
  const headers = {
    'content-type': 'application/json',
    'coinflow-signature': signWebhook({ rawBody: raw, keys: WEBHOOK_KEY }),
  };
  const sending = request(`${app.url}/webhooks`, { method: 'POST', headers });
  const closed = new Promise((resolve) => sending.on('error', () => undefined).on('close', resolve));
  sending.end(raw);
  await until(() => happened.includes('begins'));
  sending.destroy();
  await closed;
}

describe.each(PLATFORMS)('the shutdown of an application on %s', (platform) => {
  it('waits for a delivery whose sender hung up, then closes the store; new deliveries are answered 503', async () => {
    const webhook = { consumer: 'shop', deliveries: new ClosingStore() };
    const app = await createWebhookApp({ platform, providers: [Handlers], controllers: [RoutesController], webhook });
    await sendAndHangUp(app);
    const closed = app.close();
    const late: unknown[] = [];
    for (const path of ['/webhooks', '/webhooks/guarded']) {
      late.push(await deliver(app.url + path, settled({ id: 'late' })));
    }
    const unavailable = { status: 503, body: { code: 'COINFLOW_WEBHOOK_UNAVAILABLE' } };
    expect(late).toMatchObject([unavailable, unavailable]);
    expect(happened).toEqual(['begins']);
    end();
    await closed;
    // Of the handler and of the route.
    expect(happened).toEqual(['begins', 'ends', 'completes', 'completes', 'store closes']);
  });

  it('begins no delivery that was being looked at', async () => {
    let accept: (isAccepted: boolean) => void = () => undefined;
    let isAsked = false;
    const acceptMerchant = (): Promise<boolean> => {
      isAsked = true;
      return new Promise((resolve) => (accept = resolve));
    };
    const app = await createWebhookApp({ platform, providers: [Handlers], webhook: { acceptMerchant } });
    const sent = app.deliver(settled({ merchantId: 'seller-1' }));
    await until(() => isAsked);
    const closed = app.close();
    // Nobody handles it; once the server is closed it finds nobody at all.
    const refund = settled({}, { eventType: 'Refund' });
    await until(() =>
      app.deliver(refund).then(
        ({ status }) => status === 503,
        () => true,
      ),
    );
    accept(true);
    expect(await sent).toMatchObject({ status: 503 });
    await closed;
    expect(happened).toEqual([]);
  });

  it('waits no longer than shutdownTimeoutMs, and warns', async () => {
    const webhook = { consumer: 'shop', deliveries: new ClosingStore(), shutdownTimeoutMs: 1 };
    const app = await createWebhookApp({ platform, providers: [Handlers], webhook });
    await sendAndHangUp(app);
    await app.close();
    expect(happened).toEqual(['begins', 'store closes']);
    expect(app.logger.at('warn')).toEqual([expect.stringContaining('1 deliveries still run')]);
    end();
    await until(() => happened.includes('completes'));
  });
});
