import { Injectable } from '@nestjs/common';
import { OnCoinflowEvent, type CoinflowWebhookEvent } from 'nestjs-coinflow-auth';
import { Ledger } from '../ledger/ledger.js';
import { idOf } from '../ledger/users.js';

/** Credits what users have paid. */
@Injectable()
export class Settlements {
  constructor(private readonly ledger: Ledger) {}

  /** An event that cannot be credited throws: Coinflow sends it again, and the log has an error until somebody acts. */
  @OnCoinflowEvent('Settled')
  async credit({ data }: CoinflowWebhookEvent<'Settled'>): Promise<void> {
    await this.ledger.credit(userIdOf(data), data);
  }
}

/** Version 3 names the user, version 2 the wallet. Nothing else is an id, whatever the types say. */
function userIdOf({ customerId, wallet }: { customerId?: unknown; wallet?: unknown }): string | undefined {
  if (typeof customerId === 'string') return idOf({ userId: customerId });
  return typeof wallet === 'string' && wallet !== '' ? idOf({ wallet }) : undefined;
}
