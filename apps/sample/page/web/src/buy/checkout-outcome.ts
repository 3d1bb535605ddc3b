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
  | { readonly state: 'declined'; readonly reason: string }
  | { readonly state: 'challenge'; readonly challenge: Challenge }
  | { readonly state: 'blocked' }
  | { readonly state: 'unknown' }
  | { readonly state: 'failed'; readonly response: ApiResponse };

/** The codes of the emulator. An application that shows them to users helps those who try stolen cards. */
const DECLINE_REASONS: Readonly<Record<string, string>> = {
  '05': 'The bank does not honor the card.',
  '1A': '3-D Secure authentication failed.',
  '59': 'The payment is suspected of fraud.',
};

export function outcomeOf(response: ApiResponse): CheckoutOutcome {
  const { status, body, code } = response;
  const reason = stringIn(body, 'reason');
  const challenge = challengeIn(body);
  if (isOk(response)) return { state: 'paid' };
  if (isUnknown(status, code)) return { state: 'unknown' };
  if (reason === 'challenge-required' && challenge) return { state: 'challenge', challenge };
  if (reason === 'user-blocked') return { state: 'blocked' };
  if (reason === 'payment-declined') return { state: 'declined', reason: declineReasonIn(body) };
  return { state: 'failed', response };
}

/** Also when the response of the sample does not arrive, or a proxy answers instead: the card may have been charged. */
function isUnknown(status: number, code: string | undefined): boolean {
  return status === 0 || code === 'COINFLOW_OUTCOME_UNKNOWN' || (status >= 500 && code === undefined);
}

function declineReasonIn(body: unknown): string {
  const code = stringIn(body, 'declineCode') ?? '';
  return (Object.hasOwn(DECLINE_REASONS, code) && DECLINE_REASONS[code]) || `Code ${code}.`;
}

function challengeIn(body: unknown): Challenge | undefined {
  const challenge = isObject(body) ? body.challenge : undefined;
  const [transactionId, url, creq] = ['transactionId', 'url', 'creq'].map((name) => stringIn(challenge, name));
  if (transactionId === undefined || url === undefined || creq === undefined) return undefined;
  const isPage = URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);
  return isPage ? { transactionId, url, creq } : undefined;
}
