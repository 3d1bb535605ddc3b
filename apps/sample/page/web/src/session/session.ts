import { signal } from '@preact/signals';
import type { CoinflowSubject } from 'nestjs-coinflow-auth';
import { callApi, isOk, type ApiResponse } from '../api/call-api.js';
import { balanceIn, isObject, isSubject, stringIn, type Balance, type SessionKeys } from '../api/type-guards.js';

export interface Session {
  readonly subject: CoinflowSubject;
  readonly merchantId: string;
  readonly keys: SessionKeys;
  /** As in "logged in with a password". */
  readonly loginMethod: string;
  /** Creates new keys without the user; `undefined` for a wallet that shows a dialog. */
  readonly renew: (() => Promise<ApiResponse>) | undefined;
}

/** In memory only: scripts of other tabs cannot read it, and a reload ends it. */
export const session = signal<Session | undefined>(undefined);
/** Whether the session has been revoked. The guard then rejects its key. */
export const isRevoked = signal(false);
/** The last revoked key, to show that the guard rejects it. */
export const revokedKey = signal<string | undefined>(undefined);
export const balance = signal<Balance | undefined>(undefined);

/** The key for requests to this API: the attested key if there is one. */
export function preferredKey({ keys }: Session): string {
  return keys.attestedKey ?? keys.key;
}

/** Begins or renews a session with the user that `GET /me` returns. @returns the failed response; `undefined` on success */
export async function beginSession(
  keys: SessionKeys,
  loginMethod: string,
  renew: Session['renew'],
): Promise<ApiResponse | undefined> {
  const response = await callApi('/me', { sessionKey: keys.attestedKey ?? keys.key });
  const subject = isObject(response.body) ? response.body.subject : undefined;
  const merchantId = stringIn(response.body, 'merchantId');
  if (!isOk(response) || !isSubject(subject) || merchantId === undefined) return response;
  session.value = { subject, merchantId, keys, loginMethod, renew };
  isRevoked.value = false;
  balance.value = balanceIn(response.body);
  return undefined;
}

/** Revokes the session key. @returns the failed response; `undefined` on success */
export async function revokeSession(): Promise<ApiResponse | undefined> {
  const current = session.value;
  if (!current) return undefined;
  const response = await callApi('/auth/logout', { method: 'POST', sessionKey: preferredKey(current) });
  const isRevokedNow = isOk(response) || response.code === 'COINFLOW_SESSION_REVOKED';
  if (isRevokedNow) {
    revokedKey.value = preferredKey(current);
    isRevoked.value = true;
  }
  return isRevokedNow || response.status === 401 ? undefined : response;
}

/** Revokes the session key and returns to the login. */
export async function logOut(): Promise<ApiResponse | undefined> {
  const failure = await revokeSession();
  if (failure) return failure;
  session.value = undefined;
  balance.value = undefined;
  isRevoked.value = false;
  return undefined;
}

/** @returns `undefined` if the guard rejects the key; the page then keeps the last balance */
export async function refreshBalance(): Promise<Balance | undefined> {
  const current = session.value;
  if (!current) return undefined;
  const response = await callApi('/me', { sessionKey: preferredKey(current), isHighPriority: true });
  const latest = isOk(response) ? balanceIn(response.body) : undefined;
  if (latest) balance.value = latest;
  return latest;
}
