// A replica of an application, for tests that need several or kill one. It runs the built code. Its balances, its
// instructions and its counters are in Redis.
import 'reflect-metadata';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { Controller, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { connectTo } from '../../dist/apps/sample/apps/sample/src/redis/redis.module.js';
import {
  CoinflowAuthModule,
  CoinflowWebhook,
  OnCoinflowEvent,
} from '../../dist/apps/sample/libs/coinflow-auth/src/index.js';
import { redisDeliveryStore } from '../../dist/apps/sample/libs/coinflow-auth/src/redis/index.js';

const { REDIS_URL: url, WEBHOOK_KEY: keys } = process.env;

const redis = await connectTo(url);
/** Records the payment and credits the balance, atomically and once. */
const CREDIT = `
  if redis.call('HSETNX', 'payments', ARGV[1], ARGV[3]) == 0 then return end
  redis.call('HINCRBY', 'balances', ARGV[2], ARGV[3])`;

class Settlements {
  async credit({ data }) {
    await redis.incr(`runs:${data.id}`);
    await redis.incr('running');
    await redis.eval(
      `redis.call('SET', 'most', math.max(tonumber(redis.call('GET', 'most') or 0), tonumber(redis.call('GET', 'running'))))`,
    );
    // Waits until the test releases or kills this process.
    while ((await redis.get('hold')) === String(process.pid)) await delay(10);
    await redis.eval(CREDIT, { arguments: [data.id, data.customerId, String(data.subtotal.cents)] });
    await redis.decr('running');
    if (Number((await redis.get('failures')) ?? 0) > 0 && (await redis.decr('failures')) >= 0) {
      throw new Error('After the credit');
    }
  }
}
decorate(Settlements, 'credit', OnCoinflowEvent('Settled'));

class WebhooksController {
  receive() {}
}
decorate(WebhooksController, 'receive', Post(), CoinflowWebhook());
Controller('webhooks')(WebhooksController);

class AppModule {}
Module({
  imports: [
    CoinflowAuthModule.forRoot({
      env: 'local',
      apiKey: 'key',
      merchantId: 'merchant',
      webhook: { keys, consumer: 'shop', deliveries: redisDeliveryStore({ client: redis }) },
    }),
  ],
  controllers: [WebhooksController],
  providers: [Settlements],
})(AppModule);

const app = await NestFactory.create(AppModule, { rawBody: true, logger: false });
await app.listen(0, '127.0.0.1');
process.stdout.write(`Listens at ${await app.getUrl()}\n`);

function decorate(target, name, ...decorators) {
  const descriptor = Object.getOwnPropertyDescriptor(target.prototype, name);
  for (const decorator of decorators) decorator(target.prototype, name, descriptor);
}
