import { signal } from '@preact/signals';
import type { DemoWebhook } from '../../../backend/demo-api.js';
import { ask, isFine, type Answer } from '../api/answer.js';
import { isDelivery, type Balance } from '../api/shapes.js';
import { refreshBalance, session } from '../session/session.js';
import { announce } from '../ui/announcer.js';
import { formatMoney } from '../ui/format.js';

const KEPT = 4;

export interface Delivery {
  readonly kind: DemoWebhook['kind'];
  readonly statuses: readonly number[];
  /** How far the balance has moved; `undefined` where it could not be read. */
  readonly moved: Balance | undefined;
  readonly at: number;
}

/** What was sent, newest first. */
export const deliveries = signal<readonly Delivery[]>([]);
export const isSending = signal(false);
export const deliveryFailure = signal<Answer | undefined>(undefined);

/** Has the emulator send a webhook about the payer who is logged in, and looks what became of the balance. */
export async function sendWebhook(kind: DemoWebhook['kind']): Promise<void> {
  const current = session.value;
  if (!current || isSending.value) return;
  isSending.value = true;
  const before = await refreshBalance();
  const answer = await ask('/demo/webhooks', { method: 'POST', body: { kind, subject: current.subject } });
  if (isFine(answer) && isDelivery(answer.body)) {
    deliveryFailure.value = undefined;
    const moved = difference(before, await refreshBalance());
    const delivery = { kind, statuses: answer.body.statuses, moved, at: Date.now() };
    deliveries.value = [delivery, ...deliveries.value].slice(0, KEPT);
    announce(`Webhook answered ${delivery.statuses.join(' and ')}. ${describeMove(delivery)}`);
  } else {
    deliveryFailure.value = answer;
  }
  isSending.value = false;
}

export function describeMove({ kind, moved }: Pick<Delivery, 'kind' | 'moved'>): string {
  if (!moved) return 'The balance cannot be read: is your session over?';
  if (moved.cents === 0) return 'The balance has not moved.';
  const amount = formatMoney(moved);
  return kind === 'repeat' ? `The balance moved by ${amount} in all.` : `The balance moved by ${amount}.`;
}

function difference(before: Balance | undefined, after: Balance | undefined): Balance | undefined {
  return before && after && { ...after, cents: after.cents - before.cents };
}
