import 'reflect-metadata';
import assert from 'node:assert/strict';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TerminusModule } from '@nestjs/terminus';
import { CoinflowAuthModule } from 'nestjs-coinflow-auth';
import { CoinflowHealthIndicator } from 'nestjs-coinflow-auth/health';

@Module({
  imports: [TerminusModule, CoinflowAuthModule.forRoot({ env: 'sandbox', apiKey: 'key', merchantId: 'merchant' })],
  providers: [CoinflowHealthIndicator],
})
class HealthModule {}

/** The health indicator, with the Terminus of the project. */
async function main(): Promise<void> {
  const app = await NestFactory.createApplicationContext(HealthModule, { logger: false });
  const result = app.get(CoinflowHealthIndicator).isHealthy('coinflow');
  assert.deepEqual(result, { coinflow: { status: 'up', coinflow: 'unknown', clockSkewMs: null, sessions: 0 } });
  await app.close();
  console.log('ok');
}

void main();
