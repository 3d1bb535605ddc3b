import { callApi, isOk, type ApiResponse } from '../api/call-api.js';
import { sessionKeysIn, stringIn } from '../api/type-guards.js';
import type { Wallet, WalletOffer } from '../wallets/browser-wallets.js';
import { beginSession, session } from './session.js';

/** Logs in with a password, then creates a session key. @returns the failed response; `undefined` on success */
export async function logInAs(username: string, password: string): Promise<ApiResponse | undefined> {
  const response = await callApi('/auth/login', { method: 'POST', body: { username, password } });
  const accessToken = stringIn(response.body, 'accessToken');
  if (!isOk(response) || accessToken === undefined) return response;
  const create = (): Promise<ApiResponse> => callApi('/coinflow/session-key', { accessToken });
  return begin(await create(), 'logged in with a password', create);
}

/** Signs Coinflow's message with a wallet and creates a session key. @returns the failed response; `undefined` on success */
export async function signInWith(offer: WalletOffer): Promise<ApiResponse | undefined> {
  const wallet = await offer.open();
  const create = (): Promise<ApiResponse> => createWithSignature(wallet);
  const loginMethod = offer.isTemporary ? 'logged in with a temporary wallet' : `logged in with ${offer.name}`;
  return begin(await create(), loginMethod, offer.isTemporary ? create : undefined);
}

/** Creates new keys for the current session; see docs/guides/session-keys.md. @returns the failed response; `undefined` on success */
export async function renewSession(): Promise<ApiResponse | undefined> {
  const current = session.value;
  if (!current?.renew) return undefined;
  return begin(await current.renew(), current.loginMethod, current.renew);
}

async function createWithSignature({ address, blockchain, sign }: Wallet): Promise<ApiResponse> {
  const body = { wallet: address, blockchain };
  const response = await callApi('/coinflow/wallet/message', { method: 'POST', body });
  const message = stringIn(response.body, 'message');
  if (!isOk(response) || message === undefined) return response;
  const signedMessage = await sign(message);
  return callApi('/coinflow/wallet/session-key', { method: 'POST', body: { ...body, signedMessage } });
}

async function begin(
  response: ApiResponse,
  loginMethod: string,
  renew: (() => Promise<ApiResponse>) | undefined,
): Promise<ApiResponse | undefined> {
  const keys = sessionKeysIn(response.body);
  return isOk(response) && keys ? beginSession(keys, loginMethod, renew) : response;
}
