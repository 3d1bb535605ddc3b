import { isOk, type ApiResponse } from '../api/call-api.js';
import { isObject, stringIn } from '../api/type-guards.js';

/** What the page of the bank needs. */
export interface Challenge {
  readonly transactionId: string;
  readonly url: string;
  readonly creq: string;
}

/** What became of one `POST /checkout`. `failed`: nothing was charged. */
export type CheckoutOutcome =
  | { readonly state: 'paid' }
  | { readonly state: 'declined' }
  | { readonly state: 'challenge'; readonly challenge: Challenge }
  | { readonly state: 'blocked' }
  | { readonly state: 'unknown' }
  | { readonly state: 'failed'; readonly response: ApiResponse };

export function outcomeOf(response: ApiResponse): CheckoutOutcome {
  const { status, body, code } = response;
  const reason = stringIn(body, 'reason');
  const challenge = challengeIn(body);
  if (isOk(response)) return { state: 'paid' };
  if (isUnknown(status, code)) return { state: 'unknown' };
  if (reason === 'challenge-required' && challenge) return { state: 'challenge', challenge };
  if (reason === 'user-blocked') return { state: 'blocked' };
  if (reason === 'payment-declined') return { state: 'declined' };
  return { state: 'failed', response };
}

/** Also when the response of the sample does not arrive, or a proxy answers instead: the card may have been charged. */
function isUnknown(status: number, code: string | undefined): boolean {
  return status === 0 || code === 'COINFLOW_OUTCOME_UNKNOWN' || (status >= 500 && code === undefined);
}

function challengeIn(body: unknown): Challenge | undefined {
  const challenge = isObject(body) ? body.challenge : undefined;
  const [transactionId, url, creq] = ['transactionId', 'url', 'creq'].map((name) => stringIn(challenge, name));
  if (transactionId === undefined || url === undefined || creq === undefined) return undefined;
  const isPage = URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);
  return isPage ? { transactionId, url, creq } : undefined;
}
