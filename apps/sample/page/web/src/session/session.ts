import { signal } from '@preact/signals';
import type { CoinflowSubject } from 'nestjs-coinflow-auth';
import { ask, isFine, type Answer } from '../api/answer.js';
import { balanceIn, isObject, textIn, type Balance, type SessionKeys } from '../api/shapes.js';
import { isSubject } from './subject.js';

/** How a session began, and how it is renewed; by whom it is asked is for the one who logs in to say. */
export interface Session {
  readonly subject: CoinflowSubject;
  readonly merchantId: string;
  readonly keys: SessionKeys;
  readonly way: string;
  /** Obtains keys again without asking anybody; `undefined` for a wallet that asks its owner. */
  readonly renew: (() => Promise<Answer>) | undefined;
}

/** In memory only: a reload of the page forgets it, and nothing else ever sees it. */
export const session = signal<Session | undefined>(undefined);
/** Whether the session was ended by the merchant: its key is refused from then on. */
export const isRevoked = signal(false);
/** The last key that was revoked, to see it refused. */
export const revokedKey = signal<string | undefined>(undefined);
export const balance = signal<Balance | undefined>(undefined);

/** The attested key where there is one: it is the one for this API. */
export function bestKey({ keys }: Session): string {
  return keys.attestedKey ?? keys.key;
}

/** Begins or renews a session: asks the merchant whose it is. @returns what failed, if something did */
export async function beginSession(
  keys: SessionKeys,
  way: string,
  renew: Session['renew'],
): Promise<Answer | undefined> {
  const answer = await ask('/me', { sessionKey: keys.attestedKey ?? keys.key });
  const subject = isObject(answer.body) ? answer.body.subject : undefined;
  const merchantId = textIn(answer.body, 'merchantId');
  if (!isFine(answer) || !isSubject(subject) || merchantId === undefined) return answer;
  session.value = { subject, merchantId, keys, way, renew };
  isRevoked.value = false;
  balance.value = balanceIn(answer.body);
  return undefined;
}

/** Tells the merchant that the session is over. @returns what failed, if something did */
export async function revokeSession(): Promise<Answer | undefined> {
  const current = session.value;
  if (!current) return undefined;
  const answer = await ask('/auth/logout', { method: 'POST', sessionKey: bestKey(current) });
  const isOver = isFine(answer) || answer.code === 'COINFLOW_SESSION_REVOKED';
  if (isOver) {
    revokedKey.value = bestKey(current);
    isRevoked.value = true;
  }
  return isOver || answer.status === 401 ? undefined : answer;
}

/** Revokes the session and goes back to the login. */
export async function logOut(): Promise<Answer | undefined> {
  const failure = await revokeSession();
  if (failure) return failure;
  session.value = undefined;
  balance.value = undefined;
  isRevoked.value = false;
  return undefined;
}

/** @returns `undefined` when the session does not open its route any more; what was shown stays */
export async function refreshBalance(): Promise<Balance | undefined> {
  const current = session.value;
  if (!current) return undefined;
  const answer = await ask('/me', { sessionKey: bestKey(current), isUrgent: true });
  const latest = isFine(answer) ? balanceIn(answer.body) : undefined;
  if (latest) balance.value = latest;
  return latest;
}
