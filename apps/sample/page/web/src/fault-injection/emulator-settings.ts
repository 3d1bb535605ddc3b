import { signal } from '@preact/signals';
import type { CheckoutCondition, EmulatorChange, EmulatorCondition } from '../../../backend/demo-api.js';
import { callApi, isOk, type ApiResponse } from '../api/call-api.js';
import { isEmulatorSettings } from '../api/type-guards.js';
import { emulator } from '../live/live-state.js';
import { announce } from '../ui/announcer.js';

export interface Choice<Value> {
  readonly value: Value;
  readonly name: string;
  readonly about: string;
}

const MINUTE_MS = 60_000;

export const CONDITIONS: readonly Choice<EmulatorCondition>[] = [
  { value: 'healthy', name: 'Healthy', about: 'Coinflow responds normally.' },
  {
    value: 'outage',
    name: 'Outage',
    about:
      'Coinflow responds with 503. Requests with known keys still succeed. Payouts and new logins get 503, never 401.',
  },
  { value: 'slow', name: 'Slow', about: 'Coinflow responds after one second. Only requests that need a call wait.' },
  {
    value: 'rate-limited',
    name: '429',
    about: 'Coinflow responds with 429. The module makes no calls until Retry-After has passed.',
  },
  {
    value: 'unresponsive',
    name: 'Unresponsive',
    about: 'Coinflow does not respond. Calls time out, and after five timeouts the circuit breaker opens.',
  },
];

export const CHECKOUT_CONDITIONS: readonly Choice<CheckoutCondition>[] = [
  { value: 'healthy', name: 'As chosen', about: 'Each demo card does what it stands for.' },
  {
    value: 'response-lost',
    name: 'Response lost',
    about: 'Coinflow charges the card, and its response does not arrive. The webhook does.',
  },
  {
    value: 'user-blocked',
    name: 'User blocked',
    about: 'Coinflow responds with 423: the merchant has blocked the user.',
  },
];

export const LIFETIMES: readonly Choice<number>[] = [
  { value: 86_400, name: '24 h', about: 'New session keys live 24 hours, as with the real Coinflow.' },
  { value: 20, name: '20 s', about: 'New session keys live 20 seconds. Log in again to get one.' },
];

export const CLOCKS: readonly Choice<number>[] = [
  {
    value: -5 * MINUTE_MS,
    name: '−5 min',
    about: 'The clock of Coinflow is 5 minutes behind, so session keys expire early.',
  },
  { value: 0, name: 'In sync', about: 'The clocks of Coinflow and of this machine agree.' },
  {
    value: 5 * MINUTE_MS,
    name: '+5 min',
    about: 'The clock of Coinflow is 5 minutes ahead. The metrics show it after its next response.',
  },
];

/** The response to the last change if it failed. */
export const changeFailure = signal<ApiResponse | undefined>(undefined);

/** @param description what the change does, for screen readers */
export async function changeEmulator(change: EmulatorChange, description: string): Promise<void> {
  const response = await callApi('/demo/coinflow', { method: 'PATCH', body: change, isHighPriority: true });
  if (isOk(response) && isEmulatorSettings(response.body)) {
    emulator.value = response.body;
    changeFailure.value = undefined;
    announce(description);
  } else {
    changeFailure.value = response;
  }
}
