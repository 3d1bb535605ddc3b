import { Module } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { CoinflowAuthModule } from 'nestjs-coinflow-auth';
import { coinflowAuthConfig } from 'nestjs-coinflow-auth/config';
import { LogoutController } from './coinflow/logout.controller.js';
import { SessionKeyController } from './coinflow/session-key.controller.js';
import { WalletController } from './coinflow/wallet.controller.js';
import { HomeController } from './home/home.controller.js';
import { LoginModule } from './login/login.module.js';
import { OperationsModule } from './operations/operations.module.js';
import { CatalogController } from './shop/catalog.controller.js';
import { MeController } from './shop/me.controller.js';
import { PayoutsController } from './shop/payouts.controller.js';

/** A small merchant: its own login, session keys for its users, and routes that a session key opens. */
@Module({
  imports: [
    ConfigModule.forRoot({ isGlobal: true }),
    CoinflowAuthModule.forRootAsync(coinflowAuthConfig.asProvider()),
    LoginModule,
    OperationsModule,
  ],
  controllers: [
    HomeController,
    SessionKeyController,
    WalletController,
    LogoutController,
    MeController,
    CatalogController,
    PayoutsController,
  ],
})
export class AppModule {}
