import type { CoinflowSubject } from 'nestjs-coinflow-auth';

/** An amount of the shop's currency, in its smallest unit. */
export interface Amount {
  cents: number;
  currency: string;
}

/** The one currency that this shop sells in. */
export const SHOP_CURRENCY = 'USD';

/** What each payer has paid in. */
export abstract class Ledger {
  /**
   * Adds to a payer's balance, once for each payment: by the payment's own id, in one step, whatever is sent again.
   * @returns whether the balance has moved
   */
  abstract credit(payer: string, paymentId: string, cents: number): Promise<boolean>;

  abstract balance(payer: string): Promise<Amount>;
}

/** The name of a payer's account: the same for a session and for a webhook. */
export function accountOf(payer: CoinflowSubject | { userId: string } | { wallet: string }): string {
  if ('userId' in payer) return `user:${payer.userId}`;
  // Addresses of EVM chains are the same in any case; a checksum is in theirs.
  return `wallet:${/^0x/i.test(payer.wallet) ? payer.wallet.toLowerCase() : payer.wallet}`;
}
