import { Ledger, SHOP_CURRENCY, type Amount } from './ledger.js';

/** A ledger in memory: a restart forgets it. */
export class MemoryLedger extends Ledger {
  readonly #balances = new Map<string, number>();
  readonly #payments = new Set<string>();

  override credit(payer: string, paymentId: string, cents: number): Promise<boolean> {
    if (this.#payments.has(paymentId)) return Promise.resolve(false);
    this.#payments.add(paymentId);
    this.#balances.set(payer, (this.#balances.get(payer) ?? 0) + cents);
    return Promise.resolve(true);
  }

  override balance(payer: string): Promise<Amount> {
    return Promise.resolve({ cents: this.#balances.get(payer) ?? 0, currency: SHOP_CURRENCY });
  }
}
