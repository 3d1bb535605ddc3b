import { randomUUID } from 'node:crypto';
import type { CardCheckoutBody } from './card-checkout-body.js';
import type { EmulatorDemoCard } from './demo-cards.js';
import type { OperationCaller } from './operation-credentials.js';

/** A customer as `GET /customer/v2` returns it. */
export interface Customer {
  readonly _id: string;
  readonly email: string;
  readonly createdAt: string;
  readonly merchant: string;
  readonly customerId: string;
  readonly blockchain: string;
  readonly cards: object[];
  readonly bankAccounts: readonly object[];
  readonly sepas: readonly object[];
  readonly fasterPayments: readonly object[];
  readonly interacs: readonly object[];
}

interface NewCustomer {
  merchantId: string;
  customerId: string;
  blockchain: string;
  email: string;
  at: string;
}

/** The customers, each created by its first checkout. */
export class Customers {
  readonly #all = new Map<string, Customer>();

  find({ merchantId = '', customerId = '' }: OperationCaller): Customer | undefined {
    return this.#all.get(keyOf(merchantId, customerId));
  }

  /** The customer, which is created unless it exists. */
  create({ merchantId, customerId, blockchain, email, at }: NewCustomer): Customer {
    const known = this.find({ merchantId, customerId });
    if (known) return known;
    const accounts = { cards: [], bankAccounts: [], sepas: [], fasterPayments: [], interacs: [] };
    const customer = {
      _id: randomUUID(),
      email,
      createdAt: at,
      merchant: merchantId,
      customerId,
      blockchain,
      ...accounts,
    };
    this.#all.set(keyOf(merchantId, customerId), customer);
    return customer;
  }

  /** Adds a card, unless the customer has it. */
  saveCard({ cards }: Customer, { token, type }: EmulatorDemoCard, card: CardCheckoutBody['card'], at: string): void {
    if (cards.some((saved) => 'token' in saved && saved.token === token)) return;
    cards.push({
      token,
      type,
      last4: token.slice(-4),
      disbursementStatus: 'Unknown',
      nameOnCard: `${card.firstName} ${card.lastName}`,
      createdAt: at,
      hasAddress: card.address1 !== undefined,
      expMonth: card.expMonth,
      expYear: card.expYear,
    });
  }

  clear(): void {
    this.#all.clear();
  }
}

function keyOf(merchantId: string, customerId: string): string {
  return JSON.stringify([merchantId, customerId]);
}
