import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { startCoinflowEmulator, type CoinflowEmulator } from 'coinflow-emulator';
import { assertBuilt, killProcess, startProcess, type ListeningProcess } from './harness/listening-process.js';
import { RedisServer, describeWithRedis, type RedisClient } from './harness/redis-server.js';
import { until } from './harness/until.js';
import { WEBHOOK_KEY, deliver, settled } from './harness/webhooks.js';

const PROCESSES = 4;
/** A lease, and as long again for a slow machine. */
const WITHIN_A_LEASE_MS = 20_000;

/** A process of the merchant's. */
async function startMerchant(redisUrl: string): Promise<ListeningProcess> {
  const merchant = await startProcess('test/processes/webhook-process.mjs', { REDIS_URL: redisUrl, WEBHOOK_KEY });
  return { ...merchant, url: `${merchant.url}/webhooks` };
}

describeWithRedis('several processes of a merchant (skipped without redis-server)', () => {
  let redis: RedisServer;
  let client: RedisClient;
  let coinflow: CoinflowEmulator;
  let merchants: ListeningProcess[];

  beforeAll(async () => {
    assertBuilt();
    redis = await RedisServer.start();
    client = await redis.connect();
    merchants = await Promise.all(Array.from({ length: PROCESSES }, () => startMerchant(redis.url)));
  }, 120_000);

  afterAll(async () => {
    await Promise.all(merchants.map(killProcess));
    client.destroy();
    await redis.kill();
  });

  beforeEach(async () => {
    await client.flushAll();
    coinflow = await startCoinflowEmulator();
  });

  afterEach(() => coinflow.close());

  const at = (index: number): ListeningProcess => merchants[index % merchants.length]!;
  const numberOf = async (key: string): Promise<number> => Number((await client.get(key)) ?? 0);
  const balance = async (): Promise<number> => Number((await client.hGet('balances', 'alice')) ?? 0);
  // With every field that the emulator would choose anew for each endpoint: the processes are replicas, and get one body.
  const payment = {
    id: 'payment-1',
    customerId: 'alice',
    subtotal: { cents: 1_500 },
    signature: '0xab',
    merchantId: 'merchant',
  };

  it('fifty deliveries of one event at once run once', async () => {
    const deliveries = Array.from({ length: 50 }, (_, index) => deliver(at(index).url, settled()));
    const answers = await Promise.all(deliveries);
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 50 }, () => 200));
    expect([await numberOf('runs:payment-1'), await balance()]).toEqual([1, 1_500]);
  });

  it('forty-eight deliveries of one that fails twice run one at a time, until one succeeds', async () => {
    await client.set('failures', 2);
    for (const { url } of merchants) coinflow.registerWebhook({ url, key: WEBHOOK_KEY });
    const event = { eventType: 'Settled', data: payment };
    const created = new Date().toISOString();
    const results = await coinflow.sendWebhook({ ...event, created }, { copies: 12, retryAfterMs: 20, attempts: 100 });
    expect(results.map(({ acknowledged }) => acknowledged)).toEqual([true, true, true, true]);
    expect([await numberOf('runs:payment-1'), await numberOf('most'), await balance()]).toEqual([3, 1, 1_500]);
  });

  it('a new `created` on each retry moves the balance once', async () => {
    await client.set('failures', 3);
    for (const { url } of merchants) coinflow.registerWebhook({ url, key: WEBHOOK_KEY });
    const results = await coinflow.sendWebhook(
      { eventType: 'Settled', data: payment },
      { newCreated: true, copies: 5, retryAfterMs: 5, attempts: 100 },
    );
    expect(results.every(({ acknowledged }) => acknowledged)).toBe(true);
    const bodies = new Set(results.flatMap(({ attempts }) => attempts.map(({ body }) => body)));
    expect(bodies.size).toBeGreaterThan(1);
    expect(await numberOf('runs:payment-1')).toBeGreaterThan(1);
    expect(await balance()).toBe(1_500);
  });

  it('the process that runs it is killed: it runs again on the retry, and the balance is right', async () => {
    const victim = merchants.pop()!;
    const [survivor] = merchants;
    await client.set('hold', String(victim.child.pid));
    const lost = deliver(victim.url, settled()).catch((error: NodeJS.ErrnoException) => error.code);
    await until(async () => (await numberOf('runs:payment-1')) === 1);
    await killProcess(victim);
    expect(await lost).toBe('ECONNRESET');
    expect(await balance()).toBe(0);

    // The lease is still there: 503 until it has ended.
    const startedAt = performance.now();
    const statuses: number[] = [];
    await until(async () => {
      statuses.push((await deliver(survivor!.url, settled())).status);
      return statuses.at(-1) === 200;
    });
    expect(statuses.length).toBeGreaterThan(1);
    expect(statuses.slice(0, -1).every((status) => status === 503)).toBe(true);
    expect(performance.now() - startedAt).toBeLessThan(WITHIN_A_LEASE_MS);
    expect([await numberOf('runs:payment-1'), await balance()]).toEqual([2, 1_500]);
    expect((await deliver(survivor!.url, settled())).status).toBe(200);
    expect([await numberOf('runs:payment-1'), await balance()]).toEqual([2, 1_500]);
    merchants.push(await startMerchant(redis.url));
  }, 60_000);

  it('Redis is killed: 503, and nothing is lost once it is back', async () => {
    const [merchant] = merchants;
    expect((await deliver(merchant!.url, settled({ id: 'before' }))).status).toBe(200);
    await redis.kill();
    expect(await deliver(merchant!.url, settled())).toMatchObject({
      status: 503,
      body: { code: 'COINFLOW_WEBHOOK_STORE_UNAVAILABLE' },
    });
    for (const { url } of merchants) coinflow.registerWebhook({ url, key: WEBHOOK_KEY });
    const events = ['payment-1', 'payment-2', 'payment-3'].map((id) => ({
      eventType: 'Settled',
      data: { ...payment, id },
    }));
    const sent = coinflow.sendWebhooks(events, { retryAfterMs: 20, attempts: 1_000 });
    await until(() => coinflow.webhookAttempts.length > 8);
    expect(new Set(coinflow.webhookAttempts.map(({ status }) => status))).toEqual(new Set([503]));
    await redis.start();
    expect((await sent).every(({ acknowledged }) => acknowledged)).toBe(true);
    expect(await balance()).toBe(4_500);
  }, 60_000);
});
