import { signal } from '@preact/signals';
import { ask, type Answer } from '../api/answer.js';
import { durationsBySecond } from '../live/live.js';
import { renewSession } from '../session/log-in.js';
import { bestKey, session, type Session } from '../session/session.js';
import { ME, PAYOUTS, askingOf, type Route } from '../try-it/routes.js';
import { announce } from '../ui/announcer.js';
import { every, type Pace } from './pace.js';
import { NO_VISITS, withVisit } from './visits.js';

const INTERVAL_MS = 500;
/** Six a minute, of the ten for which the module asks Coinflow about one key. */
const PAYOUT_INTERVAL_MS = 10_000;
/** Codes that a new session key mends; see docs/session-keys.md. */
const RENEWABLE = ['COINFLOW_SESSION_KEY_EXPIRED', 'COINFLOW_SESSION_REVOKED'];

/** The user who has logged in, and asks twice a second as if nothing were the matter. */
export const visits = signal(NO_VISITS);
/** The same user's payouts, which nothing remembered is good enough for. */
export const payouts = signal(NO_VISITS);
export const isShopping = signal(false);
/** How often a session that was over was renewed, as a merchant's own page would do it. */
export const renewals = signal(0);

let paces: Pace[] = [];

export function keepShopping(wanted: boolean): void {
  for (const pace of paces) pace.stop();
  paces = [];
  isShopping.value = wanted;
  announce(
    wanted ? 'You keep shopping: two requests a second, and a payout every ten seconds.' : 'You have stopped shopping.',
  );
  if (!wanted) return;
  visits.value = NO_VISITS;
  payouts.value = NO_VISITS;
  renewals.value = 0;
  paces = [every(INTERVAL_MS, visit), every(PAYOUT_INTERVAL_MS, payOut)];
}

async function visit(): Promise<void> {
  const current = session.value;
  if (!current) return keepShopping(false);
  const answer = await send(ME, current);
  durationsBySecond.add(Date.now(), answer.durationMs);
  visits.value = withVisit(visits.value, answer);
  if (answer.code === undefined || !RENEWABLE.includes(answer.code) || !current.renew) return;
  // Another key may have come meanwhile.
  if (session.value === current && !(await renewSession())) renewals.value += 1;
}

async function payOut(): Promise<void> {
  const current = session.value;
  if (current) payouts.value = withVisit(payouts.value, await send(PAYOUTS, current));
}

function send(route: Route, current: Session): Promise<Answer> {
  return ask(route.path, { ...askingOf(route, bestKey(current)), isUrgent: true });
}
