import { signal } from '@preact/signals';
import type { DemoWebhook } from '../../../backend/demo-api.js';
import { callApi, isOk, type ApiResponse } from '../api/call-api.js';
import { isDelivery, type Balance } from '../api/type-guards.js';
import { refreshBalance, session } from '../session/session.js';
import { announce } from '../ui/announcer.js';
import { formatMoney } from '../ui/format.js';

const MAX_DELIVERIES = 4;

export interface Delivery {
  readonly kind: DemoWebhook['kind'];
  readonly statuses: readonly number[];
  /** The change of the balance; `undefined` if it could not be read. */
  readonly change: Balance | undefined;
  readonly at: number;
}

/** The last deliveries, newest first. */
export const deliveries = signal<readonly Delivery[]>([]);
export const isSending = signal(false);
export const deliveryFailure = signal<ApiResponse | undefined>(undefined);

/** Makes the emulator send a webhook for the logged-in user, then reads the balance again. */
export async function sendWebhook(kind: DemoWebhook['kind']): Promise<void> {
  const current = session.value;
  if (!current || isSending.value) return;
  isSending.value = true;
  const before = await refreshBalance();
  const response = await callApi('/demo/webhooks', { method: 'POST', body: { kind, subject: current.subject } });
  if (isOk(response) && isDelivery(response.body)) {
    deliveryFailure.value = undefined;
    const change = difference(before, await refreshBalance());
    const delivery = { kind, statuses: response.body.statuses, change, at: Date.now() };
    deliveries.value = [delivery, ...deliveries.value].slice(0, MAX_DELIVERIES);
    announce(`Webhook response: ${delivery.statuses.join(' and ')}. ${describeChange(delivery)}`);
  } else {
    deliveryFailure.value = response;
  }
  isSending.value = false;
}

export function describeChange({ kind, change }: Pick<Delivery, 'kind' | 'change'>): string {
  if (!change) return 'The balance cannot be read. Has your session ended?';
  if (change.cents === 0) return 'The balance did not change.';
  const amount = formatMoney(change);
  return kind === 'duplicate' ? `The balance increased by ${amount} in total.` : `The balance increased by ${amount}.`;
}

function difference(before: Balance | undefined, after: Balance | undefined): Balance | undefined {
  return before && after && { ...after, cents: after.cents - before.cents };
}
