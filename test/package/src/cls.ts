// The current session beside nestjs-cls, in whichever way that is mounted: each request keeps its own of both.
import 'reflect-metadata';
import assert from 'node:assert/strict';
import { Controller, Get, Inject, Injectable, Module, Query } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { startCoinflowEmulator } from 'coinflow-emulator';
import { ClsModule, ClsService } from 'nestjs-cls';
import { CoinflowAuth, CoinflowAuthModule, CoinflowAuthService } from 'nestjs-coinflow-auth';

const USERS = Array.from({ length: 200 }, (_, index) => `user-${index}`);

@Injectable()
class Orders {
  constructor(@Inject(CoinflowAuthService) private readonly coinflow: CoinflowAuthService) {}

  async user(): Promise<unknown> {
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 5));
    const subject = this.coinflow.currentSession()?.subject;
    return subject?.kind === 'user' ? subject.userId : undefined;
  }
}

@Controller()
@CoinflowAuth()
class OrdersController {
  constructor(
    @Inject(ClsService) private readonly cls: ClsService,
    @Inject(Orders) private readonly orders: Orders,
  ) {}

  @Get()
  async both(@Query('id') id: string): Promise<unknown> {
    this.cls.set('id', id);
    return { user: await this.orders.user(), id: this.cls.get<string>('id') };
  }
}

async function main(): Promise<void> {
  const coinflow = await startCoinflowEmulator();
  const [merchant] = coinflow.merchants;
  assert(merchant);
  for (const mount of ['middleware', 'guard', 'interceptor']) {
    @Module({
      imports: [
        ClsModule.forRoot({ global: true, [mount]: { mount: true } }),
        CoinflowAuthModule.forRoot({
          env: 'local',
          baseUrl: coinflow.url,
          ...merchant,
          asyncContext: true,
          budget: { verificationsPerMinute: 10_000, newKeysPerClient: 0, rejectionsPerClient: 0 },
        }),
      ],
      controllers: [OrdersController],
      providers: [Orders],
    })
    class AppModule {}
    const app = await NestFactory.create(AppModule, { logger: false });
    await app.listen(0, '127.0.0.1');
    const url = await app.getUrl();
    const answers = await Promise.all(
      USERS.map(async (customerId) => {
        const key = coinflow.signSessionKey({ customerId, merchantId: merchant.merchantId });
        const headers = { 'x-coinflow-auth-session-key': key };
        return (await fetch(`${url}/?id=of-${customerId}`, { headers })).json();
      }),
    );
    assert.deepEqual(
      answers,
      USERS.map((user) => ({ user, id: `of-${user}` })),
    );
    await app.close();
  }
  await coinflow.close();
  console.log('ok');
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
