import { signal } from '@preact/signals';
import type { DemoCoinflowChange, DemoCondition } from '../../../backend/demo-api.js';
import { ask, isFine, type Answer } from '../api/answer.js';
import { isDemoCoinflow } from '../api/shapes.js';
import { coinflow } from '../live/live.js';
import { announce } from '../ui/announcer.js';

export interface Choice<Value> {
  readonly value: Value;
  readonly name: string;
  readonly about: string;
}

const MINUTE_MS = 60_000;

export const CONDITIONS: readonly Choice<DemoCondition>[] = [
  { value: 'well', name: 'Well', about: 'Coinflow answers.' },
  {
    value: 'outage',
    name: 'Outage',
    about:
      'Coinflow answers everything with 503. Whoever is known goes on; a payout or a new login is told 503, never 401.',
  },
  { value: 'slow', name: 'Slow', about: 'Coinflow takes a second. Only what asks it waits.' },
  {
    value: 'rate-limited',
    name: '429',
    about: 'Coinflow says that it is asked too often. It is left alone for as long as it says.',
  },
  {
    value: 'silent',
    name: 'Silent',
    about: 'No answer at all. A call is given up in time, and after five the endpoint is left alone.',
  },
];

export const LIFETIMES: readonly Choice<number>[] = [
  { value: 86_400, name: '24 h', about: 'Session keys live a day, as Coinflow’s do.' },
  { value: 20, name: '20 s', about: 'Keys made from now on live 20 s: log in again, or get a new key, to have one.' },
];

export const CLOCKS: readonly Choice<number>[] = [
  { value: -5 * MINUTE_MS, name: '5 min slow', about: 'Coinflow’s clock is behind: keys seem to end early.' },
  { value: 0, name: 'Right', about: 'Both clocks agree.' },
  {
    value: 5 * MINUTE_MS,
    name: '5 min fast',
    about: 'Coinflow’s clock is ahead. The figures say so with its next answer.',
  },
];

/** What kept a switch from being set. */
export const switchFailure = signal<Answer | undefined>(undefined);

/** Sets the emulator, through the sample. */
export async function setCoinflow(change: DemoCoinflowChange, what: string): Promise<void> {
  const answer = await ask('/demo/coinflow', { method: 'PATCH', body: change, isUrgent: true });
  if (isFine(answer) && isDemoCoinflow(answer.body)) {
    coinflow.value = answer.body;
    switchFailure.value = undefined;
    announce(what);
  } else {
    switchFailure.value = answer;
  }
}
