import { Controller, Injectable, Module, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CoinflowWebhook, OnCoinflowEvent, type CoinflowWebhookEvent } from 'nestjs-coinflow-auth';
import { Ledger } from '../ledger/ledger.js';
import { LiveBalances } from '../ledger/live-balances.js';
import { LedgerModule } from '../ledger/ledger.module.js';
import { idOf } from '../ledger/users.js';

@ApiTags('4. Receive webhooks')
@Controller('webhooks')
export class WebhooksController {
  /** Receives the signed webhooks of Coinflow. The methods with `@OnCoinflowEvent()` handle them. */
  @Post('coinflow')
  @CoinflowWebhook()
  receive(): void {}
}

/** Credits settled payments to users. */
@Injectable()
export class Settlements {
  constructor(
    private readonly ledger: Ledger,
    private readonly balances: LiveBalances,
  ) {}

  /** Throws if the payment cannot be credited. Coinflow then retries, and the log has an error for each attempt. */
  @OnCoinflowEvent('Settled')
  async credit({ data }: CoinflowWebhookEvent<'Settled'>): Promise<void> {
    const userId = userIdOf(data);
    await this.ledger.credit(userId, data);
    if (userId) this.balances.credited(userId);
  }
}

/** Version 3 of the event names the user, version 2 the wallet. The types do not guarantee either at runtime. */
function userIdOf({ customerId, wallet }: { customerId?: unknown; wallet?: unknown }): string | undefined {
  if (typeof customerId === 'string') return idOf({ userId: customerId });
  return typeof wallet === 'string' && wallet !== '' ? idOf({ wallet }) : undefined;
}

@Module({ imports: [LedgerModule], controllers: [WebhooksController], providers: [Settlements] })
export class WebhooksModule {}
