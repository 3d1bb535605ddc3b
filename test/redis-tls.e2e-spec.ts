import { readFile } from 'node:fs/promises';
import { Injectable } from '@nestjs/common';
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { createClient } from '@redis/client';
import { Redis } from 'ioredis';
import { OnCoinflowEvent } from 'nestjs-coinflow-auth';
import { redisDeliveryStore, type IoredisLike, type NodeRedisLike } from 'nestjs-coinflow-auth/redis';
import { assertBuilt, killProcess, startProcess } from './harness/listening-process.js';
import { startTlsRedis, type TlsRedis } from './harness/redis-deployments.js';
import { describeWithRedis, hasOpenssl } from './harness/redis-server.js';
import { until } from './harness/until.js';
import { WebhookRuns } from './harness/webhook-runs.js';
import { WEBHOOK_KEY, createWebhookApp, deliver, settled } from './harness/webhooks.js';

const itWithOpenssl = hasOpenssl ? it : it.skip;

let ran = 0;

@Injectable()
class Handlers {
  @OnCoinflowEvent('Settled')
  settled(): void {
    ran += 1;
  }
}

describeWithRedis('a Redis behind TLS (skipped without redis-server)', () => {
  let redis: TlsRedis;
  const opened: (() => unknown)[] = [];

  beforeAll(async () => {
    if (hasOpenssl) redis = await startTlsRedis();
  });

  afterAll(async () => {
    if (hasOpenssl) await redis.kill();
  });

  afterEach(async () => {
    for (const close of opened.splice(0).reverse()) await close();
  });

  async function nodeRedis(ca: Buffer): Promise<NodeRedisLike> {
    const client = createClient({ url: redis.url, socket: { tls: true, ca } });
    client.on('error', () => undefined);
    opened.push(() => client.destroy());
    await client.connect();
    return client;
  }

  async function ioredis(ca: Buffer): Promise<IoredisLike> {
    const client = new Redis(redis.url, { tls: { ca }, lazyConnect: true });
    client.on('error', () => undefined);
    opened.push(() => client.disconnect());
    await client.connect();
    return client;
  }

  itWithOpenssl.each<[string, (ca: Buffer) => Promise<NodeRedisLike | IoredisLike>]>([
    ['node-redis', nodeRedis],
    ['ioredis', ioredis],
  ])('records a delivery over a %s client that trusts the certificate', async (name, connect) => {
    ran = 0;
    const client = await connect(await readFile(redis.certificate));
    const { deliver, close } = await createWebhookApp({
      providers: [Handlers],
      webhook: { consumer: name, deliveries: redisDeliveryStore({ client }) },
    });
    opened.push(close);
    for (let i = 0; i < 2; i += 1) expect(await deliver(settled())).toMatchObject({ status: 200 });
    expect(ran).toBe(1);
  });

  itWithOpenssl('records a delivery over a rediss:// URL whose certificate NODE_EXTRA_CA_CERTS trusts', async () => {
    assertBuilt();
    const replica = await startProcess('test/processes/failover-process.mjs', {
      NODE_EXTRA_CA_CERTS: redis.certificate,
      REDIS: JSON.stringify({ url: redis.url, clients: ['url'] }),
      WEBHOOK_KEY,
    });
    opened.push(() => killProcess(replica));
    const runs = new WebhookRuns([replica]);
    const event = settled({ holdMs: 0 });
    for (let i = 0; i < 2; i += 1) {
      expect(await deliver(`${replica.url}/webhooks/billing/url`, event)).toMatchObject({ status: 200 });
    }
    await until(() => runs.of('billing/url').length > 0);
    expect(runs.of('billing/url')).toHaveLength(1);
  });
});
