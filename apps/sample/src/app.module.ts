import { Module } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { CoinflowAuthModule } from 'nestjs-coinflow-auth';
import { coinflowAuthConfig } from 'nestjs-coinflow-auth/config';
import { SessionKeyController } from './coinflow/session-key.controller.js';
import { WalletController } from './coinflow/wallet.controller.js';
import { HealthController } from './health/health.controller.js';
import { HomeController } from './home/home.controller.js';
import { LoginModule } from './login/login.module.js';
import { CatalogController } from './shop/catalog.controller.js';
import { MeController } from './shop/me.controller.js';
import { PayoutsController } from './shop/payouts.controller.js';

/** A small merchant: its own login, session keys for its users, and routes that a session key opens. */
@Module({
  imports: [
    ConfigModule.forRoot({ isGlobal: true }),
    CoinflowAuthModule.forRootAsync(coinflowAuthConfig.asProvider()),
    LoginModule,
  ],
  controllers: [
    HomeController,
    HealthController,
    SessionKeyController,
    WalletController,
    MeController,
    CatalogController,
    PayoutsController,
  ],
})
export class AppModule {}
