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

/**
 * Version 3 of the event names a user or a wallet as `customerId`, version 2 either as `wallet`. The checkout puts into `webhookInfo` which
 * one it is. It never names the user there: whoever has a session key can call Coinflow with any `webhookInfo`.
 */
function userIdOf({ customerId, wallet, webhookInfo }: Readonly<Record<string, unknown>>): string | undefined {
  const [id, usual] = typeof customerId === 'string' ? [customerId, 'user'] : [wallet, 'wallet'];
  if (typeof id !== 'string' || id === '') return undefined;
  const { subjectKind = usual } = Object(webhookInfo) as { subjectKind?: unknown };
  return idOf(subjectKind === 'wallet' ? { wallet: id } : { userId: id });
}

@Module({ imports: [LedgerModule], controllers: [WebhooksController], providers: [Settlements] })
export class WebhooksModule {}
