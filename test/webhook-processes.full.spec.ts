import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { startCoinflowEmulator, type CoinflowEmulator } from 'coinflow-emulator';
import { assertBuilt, killProcess, startProcess, type ListeningProcess } from './harness/listening-process.js';
import { RedisServer, describeWithRedis, type RedisClient } from './harness/redis-server.js';
import { until } from './harness/until.js';
import { WEBHOOK_KEY, deliver, settled } from './harness/webhooks.js';

const REPLICAS = 4;
/** Twice the length of a lease, for slow machines. */
const WITHIN_A_LEASE_MS = 20_000;

/** Starts a replica of the merchant's application. */
async function startReplica(redisUrl: string): Promise<ListeningProcess> {
  const replica = await startProcess('test/processes/webhook-process.mjs', { REDIS_URL: redisUrl, WEBHOOK_KEY });
  return { ...replica, url: `${replica.url}/webhooks` };
}

describeWithRedis('several replicas of an application (skipped without redis-server)', () => {
  let redis: RedisServer;
  let client: RedisClient;
  let coinflow: CoinflowEmulator;
  let replicas: ListeningProcess[];

  beforeAll(async () => {
    assertBuilt();
    redis = await RedisServer.start();
    client = await redis.connect();
    replicas = await Promise.all(Array.from({ length: REPLICAS }, () => startReplica(redis.url)));
  }, 120_000);

  afterAll(async () => {
    await Promise.all(replicas.map(killProcess));
    client.destroy();
    await redis.kill();
  });

  beforeEach(async () => {
    await client.flushAll();
    coinflow = await startCoinflowEmulator();
  });

  afterEach(() => coinflow.close());

  const at = (index: number): ListeningProcess => replicas[index % replicas.length]!;
  const numberOf = async (key: string): Promise<number> => Number((await client.get(key)) ?? 0);
  const balance = async (): Promise<number> => Number((await client.hGet('balances', 'alice')) ?? 0);
  // Includes every field that the emulator would choose anew for each endpoint, so that all replicas get the same body.
  const payment = {
    id: 'payment-1',
    customerId: 'alice',
    subtotal: { cents: 1_500 },
    signature: '0xab',
    merchantId: 'merchant',
  };

  it('runs an event once that arrives at several replicas fifty times at the same time', async () => {
    const deliveries = Array.from({ length: 50 }, (_, index) => deliver(at(index).url, settled()));
    const answers = await Promise.all(deliveries);
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 50 }, () => 200));
    expect([await numberOf('runs:payment-1'), await balance()]).toEqual([1, 1_500]);
  });

  it('runs forty-eight deliveries of an event one at a time until one succeeds', async () => {
    await client.set('failures', 2);
    for (const { url } of replicas) coinflow.registerWebhook({ url, key: WEBHOOK_KEY });
    const event = { eventType: 'Settled', data: payment };
    const created = new Date().toISOString();
    const results = await coinflow.sendWebhook({ ...event, created }, { copies: 12, retryAfterMs: 20, attempts: 100 });
    expect(results.map(({ acknowledged }) => acknowledged)).toEqual([true, true, true, true]);
    expect([await numberOf('runs:payment-1'), await numberOf('most'), await balance()]).toEqual([3, 1, 1_500]);
  });

  it('moves the balance once although every retry has a new `created`', async () => {
    await client.set('failures', 3);
    for (const { url } of replicas) coinflow.registerWebhook({ url, key: WEBHOOK_KEY });
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

  it('runs an event again on the retry after the replica that ran it was killed, and credits it once', async () => {
    const victim = replicas.pop()!;
    const [survivor] = replicas;
    await client.set('hold', String(victim.child.pid));
    const lost = deliver(victim.url, settled()).catch((error: NodeJS.ErrnoException) => error.code);
    await until(async () => (await numberOf('runs:payment-1')) === 1);
    await killProcess(victim);
    expect(await lost).toBe('ECONNRESET');
    expect(await balance()).toBe(0);

    // Answered 503 until the lease has expired.
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
    replicas.push(await startReplica(redis.url));
  }, 60_000);

  it('answers 503 while Redis is down, and loses no event', async () => {
    const [replica] = replicas;
    expect((await deliver(replica!.url, settled({ id: 'before' }))).status).toBe(200);
    await redis.kill();
    expect(await deliver(replica!.url, settled())).toMatchObject({
      status: 503,
      body: { code: 'COINFLOW_WEBHOOK_STORE_UNAVAILABLE' },
    });
    for (const { url } of replicas) coinflow.registerWebhook({ url, key: WEBHOOK_KEY });
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
