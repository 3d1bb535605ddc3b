import { signal } from '@preact/signals';
import { ask } from '../api/answer.js';
import { durationsBySecond } from '../live/live.js';
import { renewSession } from '../session/log-in.js';
import { bestKey, session } from '../session/session.js';
import { announce } from '../ui/announcer.js';
import { every, type Pace } from './pace.js';
import { NO_VISITS, withVisit } from './visits.js';

const INTERVAL_MS = 500;
/** Codes that a new session key mends; see docs/session-keys.md. */
const RENEWABLE = ['COINFLOW_SESSION_KEY_EXPIRED', 'COINFLOW_SESSION_REVOKED'];

/** The user who has logged in, and asks twice a second as if nothing were the matter. */
export const visits = signal(NO_VISITS);
export const isShopping = signal(false);
/** How often a session that was over was renewed, as a merchant's own page would do it. */
export const renewals = signal(0);

let pace: Pace | undefined;

export function keepShopping(wanted: boolean): void {
  pace?.stop();
  pace = undefined;
  isShopping.value = wanted;
  announce(wanted ? 'You keep shopping: two requests a second.' : 'You have stopped shopping.');
  if (!wanted) return;
  visits.value = NO_VISITS;
  renewals.value = 0;
  pace = every(INTERVAL_MS, visit);
}

async function visit(): Promise<void> {
  const current = session.value;
  if (!current) return keepShopping(false);
  const answer = await ask('/me', { sessionKey: bestKey(current), isUrgent: true });
  durationsBySecond.add(Date.now(), answer.durationMs);
  visits.value = withVisit(visits.value, answer);
  if (answer.code === undefined || !RENEWABLE.includes(answer.code) || !current.renew) return;
  // Another key may have come meanwhile.
  if (session.value === current && !(await renewSession())) renewals.value += 1;
}
