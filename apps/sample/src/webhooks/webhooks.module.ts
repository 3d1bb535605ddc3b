import { Module } from '@nestjs/common';
import { LedgerModule } from '../ledger/ledger.module.js';
import { Settlements } from './settlements.js';
import { WebhooksController } from './webhooks.controller.js';

/** What Coinflow tells: that money has moved. */
@Module({ imports: [LedgerModule], controllers: [WebhooksController], providers: [Settlements] })
export class WebhooksModule {}
