import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { type PLATFORMS } from '../harness/create-test-app.js';
import { createSampleApp, type SampleApp } from '../harness/create-sample-app.js';
import { PostgresServer, describeWithPostgres } from '../harness/postgres-server.js';

const WEBHOOK_KEY = 'webhook-key';

describeWithPostgres('the sample with DATABASE_URL (skipped without postgresql)', () => {
  let server: PostgresServer;
  const shops: SampleApp[] = [];

  beforeAll(async () => {
    server = await PostgresServer.start();
  });

  afterEach(async () => {
    for (const shop of shops.splice(0)) await shop.close();
  });

  afterAll(() => server.remove());

  async function startShop(platform: (typeof PLATFORMS)[number]): Promise<SampleApp> {
    const env = { DATABASE_URL: server.url, COINFLOW_WEBHOOK_VALIDATION_KEY: WEBHOOK_KEY };
    const shop = await createSampleApp({ platform, env });
    shops.push(shop);
    shop.coinflow.registerWebhook({ url: `${shop.url}/webhooks/coinflow`, key: WEBHOOK_KEY });
    return shop;
  }

  const settle = async (shop: SampleApp, id: string): Promise<number | undefined> => {
    const event = { eventType: 'Settled', data: { id, customerId: 'alice', subtotal: { cents: 500 } } };
    const [result] = await shop.coinflow.sendWebhook(event, { attempts: 1, newCreated: true });
    return result?.attempts[0]?.status;
  };
  const balance = async (shop: SampleApp): Promise<unknown> =>
    (await shop.get('/me', await shop.sessionKey('alice'))).body;

  it('shares the balances between replicas and keeps them over a restart', async () => {
    const [first, second] = [await startShop('express'), await startShop('fastify')];
    expect(await Promise.all([settle(first, 'p1'), settle(second, 'p1'), settle(second, 'p2')])).toEqual([
      200, 200, 200,
    ]);
    for (const shop of [first, second]) expect(await balance(shop)).toMatchObject({ balance: { cents: 1_000 } });
    expect(await balance(await startShop('express'))).toMatchObject({ balance: { cents: 1_000, currency: 'USD' } });
  });

  it('responds to users and Coinflow with 503 while PostgreSQL is down, and credits the payment afterwards', async () => {
    const shop = await startShop('express');
    const key = await shop.sessionKey('alice');
    const { balance: before } = (await shop.get('/me', key)).body as { balance: { cents: number } };
    await server.kill();
    expect(await settle(shop, 'p3')).toBe(503);
    expect(await shop.get('/me', key)).toMatchObject({
      status: 503,
      body: { message: 'The database is unreachable. Try again later.' },
    });
    expect(await shop.get('/catalog', key)).toMatchObject({ status: 200, body: { member: true } });
    await server.start();
    expect(await settle(shop, 'p3')).toBe(200);
    expect(await shop.get('/me', key)).toMatchObject({ body: { balance: { cents: before.cents + 500 } } });
  });
});

it('does not start if no PostgreSQL responds at DATABASE_URL', async () => {
  const started = createSampleApp({ platform: 'express', env: { DATABASE_URL: 'postgres://u:secret@127.0.0.1:1/d' } });
  await expect(started).rejects.toThrow('Start PostgreSQL, or correct DATABASE_URL.');
});

it('warns that replicas with REDIS_URL alone do not share balances', async () => {
  const app = await createSampleApp({ platform: 'express', env: { REDIS_URL: 'redis://127.0.0.1:1' } });
  expect(app.logger.at('warn').join()).toContain('Set DATABASE_URL to share them.');
  await app.close();
});
