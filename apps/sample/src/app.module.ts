import { Module, type DynamicModule } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { CoinflowAuthModule } from 'nestjs-coinflow-auth';
import { coinflowAuthConfig } from 'nestjs-coinflow-auth/config';
import { graphqlContext } from 'nestjs-coinflow-auth/graphql';
import { DemoModule } from '../page/backend/demo.module.js';
import { CheckoutController } from './checkout/checkout.controller.js';
import { coinflowOptions, hasWebhooks } from './coinflow/coinflow-options.js';
import { LogoutController, SessionKeyController } from './coinflow/session-key.controller.js';
import { WalletController } from './coinflow/wallet.controller.js';
import { ShopGraphQLModule } from './graphql/graphql.module.js';
import { LedgerModule } from './ledger/ledger.module.js';
import { LoginModule } from './login/login.module.js';
import { OperationsModule } from './operations/operations.module.js';
import { REDIS, RedisModule } from './redis/redis.module.js';
import { CatalogController } from './shop/catalog.controller.js';
import { MeController } from './shop/me.controller.js';
import { PayoutsController } from './shop/payouts.controller.js';
import { WebhooksModule } from './webhooks/webhooks.module.js';

/** A small merchant: its own login, session keys for its users, and routes that require a session key. */
@Module({
  imports: [
    ConfigModule.forRoot({ isGlobal: true }),
    CoinflowAuthModule.forRootAsync({
      imports: [ConfigModule.forFeature(coinflowAuthConfig), RedisModule],
      inject: [coinflowAuthConfig.KEY, REDIS],
      useFactory: coinflowOptions,
      contexts: { graphql: graphqlContext() },
    }),
    LoginModule,
    OperationsModule,
    LedgerModule,
    ShopGraphQLModule,
    // The demo page at `/`. Leave it out of your own application.
    DemoModule,
  ],
  controllers: [
    SessionKeyController,
    WalletController,
    LogoutController,
    MeController,
    CatalogController,
    CheckoutController,
    PayoutsController,
  ],
})
export class AppModule {
  /** Adds the webhook route only if there is a key: without one, the module would throw at startup. */
  static register(): DynamicModule {
    return { module: AppModule, imports: hasWebhooks() ? [WebhooksModule] : [] };
  }
}
