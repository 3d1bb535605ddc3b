import { signal } from '@preact/signals';
import { callApi } from '../api/call-api.js';
import { sample } from '../api/sample.js';
import { createForgedKey } from '../keys/session-keys.js';
import { announce } from '../ui/announcer.js';
import { repeat, type Repetition } from '../ui/timers.js';
import { NO_TRAFFIC, withResponse, type TrafficStats } from './traffic-stats.js';

const INTERVAL_MS = 20;
/** Two of the browser's six connections. Each sender waits for its response before it sends the next key. */
const SENDERS = 2;
const REFRESH_MS = 200;

/** The requests with invalid keys. Each has a different key. The user's own requests keep free connections. */
export const floodTraffic = signal(NO_TRAFFIC);
export const isFlooding = signal(false);

let senders: Repetition[] = [];
/** Copied to the signal five times a second: rendering after each response would be too slow. */
let latest: TrafficStats = NO_TRAFFIC;
let renderedAt = 0;

export function setFlooding(wanted: boolean): void {
  for (const sender of senders) sender.stop();
  senders = [];
  isFlooding.value = wanted;
  announce(wanted ? 'The flood of invalid keys is on.' : 'The flood of invalid keys is off.');
  if (!wanted) return;
  latest = NO_TRAFFIC;
  senders = Array.from({ length: SENDERS }, () => repeat(INTERVAL_MS, sendInvalidKey));
}

async function sendInvalidKey(): Promise<void> {
  const { merchantId = '' } = sample.value ?? {};
  const issuedAt = Math.floor(Date.now() / 1_000);
  const userId = `nobody-${Math.random().toString(36).slice(2)}`;
  const sessionKey = createForgedKey({ merchantId, userId, issuedAt });
  latest = withResponse(latest, await callApi('/me', { sessionKey }));
  if (performance.now() - renderedAt < REFRESH_MS) return;
  renderedAt = performance.now();
  floodTraffic.value = latest;
}
