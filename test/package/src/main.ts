import 'reflect-metadata';
import assert from 'node:assert/strict';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { startCoinflowEmulator } from 'coinflow-emulator';
import { AppModule, WebhooksController } from './app.module.js';

/** Starts the application on a platform, and makes guarded, rejected and public requests. */
async function main(platform: string): Promise<void> {
  const coinflow = await startCoinflowEmulator();
  const [merchant, other] = coinflow.merchants;
  assert(merchant && other);
  const module = AppModule.with({ env: 'local', baseUrl: coinflow.url, ...merchant });
  const app = await create(module, platform);
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();

  const status = async (path: string, key?: string, method = 'GET'): Promise<string> => {
    const headers: Record<string, string> = key === undefined ? {} : { 'x-coinflow-auth-session-key': key };
    const response = await fetch(url + path, { method, headers });
    const { code } = (await response.json().catch(() => ({}))) as { code?: string };
    return [response.status, code].filter(Boolean).join(' ');
  };

  const keys = (await (await fetch(`${url}/session-key?user=alice`)).json()) as {
    key: string;
    attestedKey: string;
  };
  assert.equal(await status('/me', keys.key), '200');
  assert.equal(await status('/me', keys.attestedKey), '200');
  assert.equal(await status('/payouts', keys.key, 'POST'), '201');
  assert.equal(await status('/me'), '401 COINFLOW_SESSION_KEY_MISSING');
  assert.equal(await status('/catalog'), '200');
  assert.equal(await status('/catalog', 'invalid'), '401 COINFLOW_SESSION_REJECTED');
  const foreign = coinflow.signSessionKey({ customerId: 'alice', merchantId: other.merchantId });
  assert.equal(await status('/me', foreign), '401 COINFLOW_SESSION_WRONG_MERCHANT');
  assert.equal(await status('/session-key?user=%20'), '400 COINFLOW_INVALID_ARGUMENT');
  coinflow.fail('verify', { kind: 'reset' });
  assert.equal(await status('/payouts', keys.key, 'POST'), '503 COINFLOW_UNAVAILABLE');
  assert.equal(await status('/me', keys.attestedKey), '200');
  assert.equal(await status('/logout', keys.attestedKey, 'POST'), '201');
  assert.equal(await status('/me', keys.key), '401 COINFLOW_SESSION_REVOKED');

  coinflow.heal();

  coinflow.registerWebhook({ url: `${url}/webhooks`, key: 'key' });
  // With every field that the emulator would choose anew: a delivery is identified by its body.
  const event = { eventType: 'Settled', data: { id: 'payment', signature: '0xab' } };
  const created = new Date().toISOString();
  const results = await coinflow.sendWebhooks([
    { ...event, created },
    { ...event, created },
  ]);
  assert.deepEqual(
    results.map(({ attempts }) => attempts.map(({ status }) => status)),
    [[200], [200]],
  );
  const [forged] = await coinflow.sendWebhook(event, { attempts: 1, key: 'other' });
  assert.equal(forged?.attempts[0]?.status, 401);
  assert.deepEqual(app.get(WebhooksController).settled, ['payment']);

  await app.close();
  await coinflow.close();
}

async function create(module: Parameters<typeof NestFactory.create>[0], platform: string): Promise<INestApplication> {
  if (platform !== 'fastify') return NestFactory.create(module, { logger: false, rawBody: true });
  const { FastifyAdapter } = await import('@nestjs/platform-fastify');
  return NestFactory.create(module, new FastifyAdapter(), { logger: false, rawBody: true });
}

main(process.argv[2] ?? 'express').then(
  () => console.log('ok'),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
