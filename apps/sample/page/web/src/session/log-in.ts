import { ask, isFine, type Answer } from '../api/answer.js';
import { sessionKeysIn, textIn } from '../api/shapes.js';
import type { Wallet, WalletOffer } from '../wallets/wallet.js';
import { beginSession, session } from './session.js';

/** The merchant's own login, then the session key of whoever it has let in. @returns what failed, if something did */
export async function logInAs(username: string, password: string): Promise<Answer | undefined> {
  const answer = await ask('/auth/login', { method: 'POST', body: { username, password } });
  const accessToken = textIn(answer.body, 'accessToken');
  if (!isFine(answer) || accessToken === undefined) return answer;
  const obtain = (): Promise<Answer> => ask('/coinflow/session-key', { accessToken });
  return begin(await obtain(), 'with a password, at the merchant’s own login', obtain);
}

/** A message, the wallet's signature over it, a session key. @returns what failed, if something did */
export async function signInWith(offer: WalletOffer): Promise<Answer | undefined> {
  const wallet = await offer.open();
  const obtain = (): Promise<Answer> => obtainWith(wallet);
  const way = offer.isThrowAway ? 'with a throw-away key pair, made in this tab' : `with ${offer.name}`;
  return begin(await obtain(), way, offer.isThrowAway ? obtain : undefined);
}

/** New keys for the session that there is, as docs/session-keys.md has it. @returns what failed, if something did */
export async function renewSession(): Promise<Answer | undefined> {
  const current = session.value;
  if (!current?.renew) return undefined;
  return begin(await current.renew(), current.way, current.renew);
}

async function obtainWith({ address, blockchain, sign }: Wallet): Promise<Answer> {
  const body = { wallet: address, blockchain };
  const asked = await ask('/coinflow/wallet/message', { method: 'POST', body });
  const message = textIn(asked.body, 'message');
  if (!isFine(asked) || message === undefined) return asked;
  const signedMessage = await sign(message);
  return ask('/coinflow/wallet/session-key', { method: 'POST', body: { ...body, signedMessage } });
}

async function begin(
  answer: Answer,
  way: string,
  renew: (() => Promise<Answer>) | undefined,
): Promise<Answer | undefined> {
  const keys = sessionKeysIn(answer.body);
  return isFine(answer) && keys ? beginSession(keys, way, renew) : answer;
}
