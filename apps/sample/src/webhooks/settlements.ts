import { Injectable, Logger } from '@nestjs/common';
import { OnCoinflowEvent, type CoinflowWebhookEvent } from 'nestjs-coinflow-auth';
import { Ledger, SHOP_CURRENCY, accountOf } from '../ledger/ledger.js';

/** Credits what payers have paid. */
@Injectable()
export class Settlements {
  readonly #logger = new Logger('Settlements');

  constructor(private readonly ledger: Ledger) {}

  /** By the payment's own id: when Coinflow sends the event again, under whatever `created`, the balance stays. */
  @OnCoinflowEvent('Settled')
  async credit({ data, deliveryId }: CoinflowWebhookEvent<'Settled'>): Promise<void> {
    const { cents, currency = SHOP_CURRENCY } = data.subtotal;
    if (typeof data.id !== 'string' || !Number.isSafeInteger(cents) || cents < 0) {
      throw new Error('A settlement without an id or an amount');
    }
    if (currency !== SHOP_CURRENCY) {
      // Sending it again would not help.
      this.#logger.error(`A settlement in a currency that this shop does not sell in (delivery ${deliveryId})`);
      return;
    }
    const payer = data.customerId === undefined ? { wallet: data.wallet } : { userId: data.customerId };
    await this.ledger.credit(accountOf(payer), data.id, cents);
  }
}
