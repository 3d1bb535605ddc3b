import { computed, effect, signal } from '@preact/signals';
import { callApi } from '../api/call-api.js';
import type { Balance } from '../api/type-guards.js';
import { balance, preferredKey, session } from '../session/session.js';
import { announce } from '../ui/announcer.js';
import { formatMoney } from '../ui/format.js';
import { outcomeOf, type CheckoutOutcome } from './checkout-outcome.js';
import { APPROVED, cardOf, type DemoCard } from './demo-cards.js';

interface Order {
  readonly card: DemoCard;
  readonly amount: Balance;
  /** The balance when the user pressed "Buy". */
  readonly before: Balance | undefined;
}

export type Purchase = Order & (CheckoutOutcome | { readonly state: 'paying' });

export const AMOUNTS: readonly Balance[] = [500, 2_000, 10_000].map((cents) => ({ cents, currency: 'USD' }));
const [SMALLEST = { cents: 500, currency: 'USD' }] = AMOUNTS;

export const card = signal<DemoCard>(APPROVED);
export const amount = signal<Balance>(SMALLEST);
export const purchase = signal<Purchase | undefined>(undefined);

/** Whether the balance has increased by the amount since the user pressed "Buy". */
export const isCredited = computed(() => {
  const { amount: paid, before } = purchase.value ?? {};
  return paid !== undefined && before !== undefined && (balance.value?.cents ?? 0) >= before.cents + paid.cents;
});

/** While the outcome of a purchase is open, another one could be a second payment for the same goods. */
export const isOpen = computed(() => {
  const state = purchase.value?.state;
  return state === 'paying' || state === 'challenge' || (state === 'unknown' && !isCredited.value);
});

/** A purchase ends with the session of its user. */
effect(() => {
  if (!session.value) purchase.value = undefined;
});

export function buy(): Promise<void> {
  return checkOut({ card: card.value, amount: amount.value, before: balance.value });
}

/** Repeats the checkout of the challenge, whether the user has approved or not: Coinflow knows the result. */
export async function completeChallenge(): Promise<void> {
  const current = purchase.value;
  if (current?.state === 'challenge') await checkOut(current, current.challenge.transactionId);
}

export function endPurchase(): void {
  purchase.value = undefined;
}

async function checkOut({ card, amount, before }: Order, challengeId?: string): Promise<void> {
  if (!session.value) return;
  const order = { card, amount, before };
  const pending: Purchase = { ...order, state: 'paying' };
  purchase.value = pending;
  const response = await callApi('/checkout', {
    method: 'POST',
    sessionKey: preferredKey(session.value),
    body: { cents: amount.cents, card: cardOf(card), ...(challengeId !== undefined && { challengeId }) },
    isHighPriority: true,
  });
  // The user may have logged out.
  if (purchase.value !== pending) return;
  purchase.value = { ...order, ...outcomeOf(response) };
  announce(describePurchase(purchase.value));
}

export function describePurchase(current: Purchase): string {
  const money = formatMoney(current.amount);
  switch (current.state) {
    case 'paying':
      return `Paying ${money} …`;
    case 'paid':
      return `Paid ${money}.`;
    case 'declined':
      return 'Declined. The card was not charged.';
    case 'challenge':
      return `The bank asks you to approve ${money}.`;
    case 'blocked':
      return 'Blocked. The merchant has blocked this user, and the card was not charged.';
    case 'unknown':
      return 'Unknown whether you have paid: no clear response arrived.';
    case 'failed':
      return 'Not paid.';
  }
}
