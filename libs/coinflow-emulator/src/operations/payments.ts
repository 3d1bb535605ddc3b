import { randomUUID } from 'node:crypto';

/** A charge that the emulator has made. */
export interface EmulatorPayment {
  readonly paymentId: string;
  readonly merchantId: string;
  /** The id of the user at the merchant, or the address of the wallet. */
  readonly customerId: string;
  /** `authorized` after a checkout with `authOnly`. */
  readonly status: 'settled' | 'authorized';
  readonly subtotal: { readonly cents: number; readonly currency: string };
  readonly fees: { readonly cents: number };
  readonly total: { readonly cents: number };
  readonly last4: string;
  /** ISO 8601, by the emulator's clock. */
  readonly at: string;
}

const MAX_PAYMENTS = 10_000;
const FIXED_FEE_CENTS = 30;
const FEE_RATE = 0.1;

/** The charges since startup or reset, at most the newest 10,000. */
export class Payments {
  #all: EmulatorPayment[] = [];

  get all(): readonly EmulatorPayment[] {
    return this.#all;
  }

  /** Charges a card. The fees are invented, so that a total differs from its subtotal. */
  charge(payment: Omit<EmulatorPayment, 'paymentId' | 'fees' | 'total'>): EmulatorPayment {
    const { cents } = payment.subtotal;
    const fees = FIXED_FEE_CENTS + Math.round(cents * FEE_RATE);
    const charged = { paymentId: randomUUID(), ...payment, fees: { cents: fees }, total: { cents: cents + fees } };
    this.#all.push(charged);
    if (this.#all.length > MAX_PAYMENTS) this.#all.shift();
    return charged;
  }

  clear(): void {
    this.#all = [];
  }
}
