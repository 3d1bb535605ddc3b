import { request } from 'node:http';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Injectable, Post, UseGuards } from '@nestjs/common';
import { CoinflowWebhookGuard, OnCoinflowEvent, signWebhook } from 'nestjs-coinflow-auth';
import { InMemoryDeliveryStore } from '../libs/coinflow-auth/src/webhooks/in-memory-delivery-store.js';
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

class ClosingStore extends InMemoryDeliveryStore {
  close(): void {
    happened.push('store closes');
  }

  override async complete(...given: Parameters<InMemoryDeliveryStore['complete']>): Promise<boolean> {
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

/** Sends an event and closes the connection once its handler runs. */
async function sendAndDisconnect(app: WebhookApp): Promise<void> {
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
  it('waits at shutdown for a delivery whose sender has disconnected, then closes the store, and answers new deliveries 503', async () => {
    const webhook = { consumer: 'shop', deliveries: new ClosingStore() };
    const app = await createWebhookApp({ platform, providers: [Handlers], controllers: [RoutesController], webhook });
    await sendAndDisconnect(app);
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
    // One for the handler and one for the route.
    expect(happened).toEqual(['begins', 'ends', 'completes', 'completes', 'store closes']);
  });

  it('does not run a delivery that was being verified when the shutdown began', async () => {
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
    // No handler runs for it; once the server is closed, the connection fails.
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

  it('waits at shutdown no longer than shutdownTimeoutMs for a delivery, and logs a warning', async () => {
    const webhook = { consumer: 'shop', deliveries: new ClosingStore(), shutdownTimeoutMs: 1 };
    const app = await createWebhookApp({ platform, providers: [Handlers], webhook });
    // This one has ended, so the warning does not count it.
    await app.deliver(settled({}, { eventType: 'Refund' }));
    happened.length = 0;
    await sendAndDisconnect(app);
    await app.close();
    expect(happened).toEqual(['begins', 'store closes']);
    expect(app.logger.at('warn')).toEqual([expect.stringContaining('1 webhook deliveries still run')]);
    end();
    await until(() => happened.includes('completes'));
  });
});
