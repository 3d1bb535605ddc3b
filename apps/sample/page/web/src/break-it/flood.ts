import { signal } from '@preact/signals';
import { ask } from '../api/answer.js';
import { sample } from '../api/sample.js';
import { makeUpKey } from '../keys/made-up-keys.js';
import { announce } from '../ui/announcer.js';
import { every, type Pace } from './pace.js';
import { NO_VISITS, withVisit, type Visits } from './visits.js';

const INTERVAL_MS = 20;
/** Each waits for its answer before it sends the next key: two connections of the browser's six. */
const SENDERS = 2;
const REFRESH_MS = 200;

/** Somebody who sends made-up keys, each another one, as fast as a browser tab can without starving the shopper. */
export const flood = signal(NO_VISITS);
export const isFlooding = signal(false);

let paces: Pace[] = [];
/** Shown now and then: two hundred a second are not rendered one by one. */
let latest: Visits = NO_VISITS;
let shownAt = 0;

export function floodWithInvalidKeys(wanted: boolean): void {
  for (const pace of paces) pace.stop();
  paces = [];
  isFlooding.value = wanted;
  announce(wanted ? 'InvalidKeys keys are being sent.' : 'No more junk keys are sent.');
  if (!wanted) return;
  latest = NO_VISITS;
  paces = Array.from({ length: SENDERS }, () => every(INTERVAL_MS, sendInvalidKeys));
}

async function sendInvalidKeys(): Promise<void> {
  const { merchantId = '' } = sample.value ?? {};
  const issuedAt = Math.floor(Date.now() / 1_000);
  const userId = `nobody-${Math.random().toString(36).slice(2)}`;
  latest = withVisit(latest, await ask('/me', { sessionKey: makeUpKey({ merchantId, userId, issuedAt }) }));
  if (performance.now() - shownAt < REFRESH_MS) return;
  shownAt = performance.now();
  flood.value = latest;
}
