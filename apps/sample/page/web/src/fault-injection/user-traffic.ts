import { signal } from '@preact/signals';
import { callApi, type ApiResponse } from '../api/call-api.js';
import { latencyBySecond } from '../live/live-state.js';
import { ME, PAYOUTS, requestFor, type Route } from '../send-requests/routes.js';
import { renewSession } from '../session/log-in.js';
import { preferredKey, session, type Session } from '../session/session.js';
import { announce } from '../ui/announcer.js';
import { repeat, type Repetition } from '../ui/timers.js';
import { NO_TRAFFIC, withResponse } from './traffic-stats.js';

const INTERVAL_MS = 500;
/** Six a minute. The module revalidates one key with Coinflow at most ten times a minute. */
const PAYOUT_INTERVAL_MS = 10_000;
/** After these errors the client needs a new session key; see docs/guides/session-keys.md. */
const RENEWABLE = ['COINFLOW_SESSION_KEY_EXPIRED', 'COINFLOW_SESSION_REVOKED'];

/** The requests that the logged-in user sends twice a second. */
export const userTraffic = signal(NO_TRAFFIC);
/** The payouts of the same user. Each needs a call to Coinflow. */
export const payoutTraffic = signal(NO_TRAFFIC);
export const isSendingTraffic = signal(false);
/** How often the page has renewed the session after it expired or was revoked. */
export const renewals = signal(0);

let repetitions: Repetition[] = [];

export function setSendingTraffic(wanted: boolean): void {
  for (const repetition of repetitions) repetition.stop();
  repetitions = [];
  isSendingTraffic.value = wanted;
  announce(
    wanted
      ? 'The page sends two of your requests a second and a payout every ten seconds.'
      : 'The page sends no more of your requests.',
  );
  if (!wanted) return;
  userTraffic.value = NO_TRAFFIC;
  payoutTraffic.value = NO_TRAFFIC;
  renewals.value = 0;
  repetitions = [repeat(INTERVAL_MS, sendRequest), repeat(PAYOUT_INTERVAL_MS, sendPayout)];
}

async function sendRequest(): Promise<void> {
  const current = session.value;
  if (!current) return setSendingTraffic(false);
  const response = await send(ME, current);
  latencyBySecond.add(Date.now(), response.durationMs);
  userTraffic.value = withResponse(userTraffic.value, response);
  if (response.code === undefined || !RENEWABLE.includes(response.code) || !current.renew) return;
  // The user may have renewed the session in the meantime.
  if (session.value === current && !(await renewSession())) renewals.value += 1;
}

async function sendPayout(): Promise<void> {
  const current = session.value;
  if (current) payoutTraffic.value = withResponse(payoutTraffic.value, await send(PAYOUTS, current));
}

function send(route: Route, current: Session): Promise<ApiResponse> {
  return callApi(route.path, { ...requestFor(route, preferredKey(current)), isHighPriority: true });
}
