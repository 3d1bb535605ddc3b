import { Module, type DynamicModule } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { CoinflowAuthModule } from 'nestjs-coinflow-auth';
import { coinflowAuthConfig } from 'nestjs-coinflow-auth/config';
import { LogoutController } from './coinflow/logout.controller.js';
import { withRedis } from './coinflow/coinflow-options.js';
import { SessionKeyController } from './coinflow/session-key.controller.js';
import { WalletController } from './coinflow/wallet.controller.js';
import { DemoModule } from './demo/demo.module.js';
import { LedgerModule } from './ledger/ledger.module.js';
import { LoginModule } from './login/login.module.js';
import { OperationsModule } from './operations/operations.module.js';
import { REDIS, RedisModule } from './redis/redis.module.js';
import { CatalogController } from './shop/catalog.controller.js';
import { MeController } from './shop/me.controller.js';
import { PayoutsController } from './shop/payouts.controller.js';
import { WebhooksModule } from './webhooks/webhooks.module.js';

/** A small merchant: its own login, session keys for its users, and routes that a session key opens. */
@Module({
  imports: [
    ConfigModule.forRoot({ isGlobal: true }),
    CoinflowAuthModule.forRootAsync({
      imports: [ConfigModule.forFeature(coinflowAuthConfig), RedisModule],
      inject: [coinflowAuthConfig.KEY, REDIS],
      useFactory: withRedis,
    }),
    LoginModule,
    OperationsModule,
    LedgerModule,
    DemoModule,
  ],
  controllers: [
    SessionKeyController,
    WalletController,
    LogoutController,
    MeController,
    CatalogController,
    PayoutsController,
  ],
})
export class AppModule {
  /** With the route for webhooks if there is a key to verify them with: it would not start without one. */
  static register(): DynamicModule {
    return { module: AppModule, imports: hasWebhooks() ? [WebhooksModule] : [] };
  }
}

/** Whether the environment, or `.env`, has the Webhook Validation Key. */
export function hasWebhooks(): boolean {
  return Boolean(process.env.COINFLOW_WEBHOOK_VALIDATION_KEY?.trim());
}
