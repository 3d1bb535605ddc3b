// Calls an operation with the types that openapi-typescript has made of a document. See scripts/test-package.mjs.
import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { startCoinflowEmulator } from 'coinflow-emulator';
import { CoinflowApi, CoinflowAuthModule, CoinflowAuthService } from 'nestjs-coinflow-auth';
import type { paths } from './coinflow-paths.js';

@Injectable()
class Payments {
  constructor(
    private readonly api: CoinflowApi<paths>,
    private readonly coinflow: CoinflowAuthService,
  ) {}

  async customerOf(userId: string): Promise<string | undefined> {
    const session = await this.coinflow.createSessionKey({ userId });
    const { customer } = await this.api.get('/customer/v2', { auth: session });
    return customer?.email;
  }
}

async function main(): Promise<void> {
  const coinflow = await startCoinflowEmulator();
  const [merchant] = coinflow.merchants;
  if (!merchant) throw new Error('The emulator has no merchant');
  coinflow.respond('GET /customer/v2', { body: { customer: { _id: '1', email: 'alice@example.com' } } });

  @Module({
    imports: [CoinflowAuthModule.forRoot({ env: 'local', baseUrl: coinflow.url, ...merchant })],
    providers: [Payments],
  })
  class AppModule {}

  const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
  const email = await app.get(Payments).customerOf('alice');
  await app.close();
  await coinflow.close();
  if (email !== 'alice@example.com') throw new Error(`The customer has the address ${email}`);
}

void main();
