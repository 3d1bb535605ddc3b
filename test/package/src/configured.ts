import 'reflect-metadata';
import assert from 'node:assert/strict';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { CoinflowAuthModule, CoinflowAuthService } from 'nestjs-coinflow-auth';
import { coinflowAuthConfig } from 'nestjs-coinflow-auth/config';
import { redisDeliveryStore } from 'nestjs-coinflow-auth/redis';

Object.assign(process.env, { COINFLOW_ENV: 'sandbox', COINFLOW_API_KEY: 'key', COINFLOW_MERCHANT_ID: 'merchant' });

@Module({ imports: [CoinflowAuthModule.forRootAsync(coinflowAuthConfig.asProvider())] })
class ConfiguredModule {}

/** The options come from the environment, through `@nestjs/config`. */
async function main(): Promise<void> {
  const app = await NestFactory.createApplicationContext(ConfiguredModule, { logger: false });
  assert(app.get(CoinflowAuthService) instanceof CoinflowAuthService);
  assert.equal(typeof redisDeliveryStore({ url: 'redis://127.0.0.1:6379' }).claim, 'function');
  await app.close();
  console.log('ok');
}

void main();
