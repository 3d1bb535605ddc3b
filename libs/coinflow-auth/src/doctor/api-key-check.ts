import { randomBytes } from 'node:crypto';
import { CoinflowResponse, type Outcome } from '../http/response.js';
import { TimeLimit } from '../http/time-limit.js';
import { Transport } from '../http/transport.js';
import type { ResolvedCoinflowAuthOptions } from '../options/resolve-options.js';
import { safeText } from '../util/secrets.js';
import { failed, ok, result, type CheckResult } from './check-result.js';

const MERCHANT_UNKNOWN = 'accepted; its merchant could not be checked';

/** Documented with the API key alone. It reads. */
const GET_MERCHANT = '/api/merchant';
/** Without a user it creates nothing: Coinflow rejects the call, and says what is missing. */
const GET_SESSION_KEY = '/api/auth/session-key';

/** A complaint that Coinflow makes only once it has accepted the API key, if it does not make it to a random key. */
const ABOUT_USER = /x-coinflow-auth-(?:user-id|wallet)/i;
/** A complaint about the API key alone: one that also names the user may be about the missing user. */
const ABOUT_API_KEY = /^(?!.*user).*api[ -]?key/i;

type Send = (path: string, apiKey: string) => Promise<Outcome>;

/**
 * Tells a right API key from a wrong one without creating anything. Coinflow documents no call for that. So the doctor compares
 * the answers to this key with those to a random one, and reports a warning where they do not differ.
 */
export async function checkApiKey(options: ResolvedCoinflowAuthOptions): Promise<CheckResult> {
  const transport = new Transport(options);
  const send: Send = (path, apiKey) => {
    const call = {
      method: 'GET',
      path,
      name: `GET ${path}`,
      headers: { Authorization: apiKey },
      secrets: () => [apiKey],
    };
    return transport.send(call, new TimeLimit(options.http.timeoutMs));
  };
  try {
    const apiKey = await options.apiKey();
    const randomKey = randomBytes(16).toString('hex');
    return (
      (await byMerchant(send, apiKey, randomKey, options)) ?? (await bySessionKey(send, apiKey, randomKey, options))
    );
  } finally {
    transport.close();
  }
}

async function byMerchant(
  send: Send,
  apiKey: string,
  randomKey: string,
  { merchantId }: ResolvedCoinflowAuthOptions,
): Promise<CheckResult | undefined> {
  const own = await send(GET_MERCHANT, apiKey);
  if (!isFromCoinflow(own) || own.status !== 200) return undefined;
  const random = await send(GET_MERCHANT, randomKey);
  if (!isFromCoinflow(random) || random.status !== 401) return undefined;
  const named = own.field('merchantId');
  if (named === undefined) return ok('api-key', MERCHANT_UNKNOWN);
  if (named === merchantId) return ok('api-key', `accepted for merchant ${merchantId}`);
  return failed(
    'api-key',
    `belongs to the merchant ${safeText(named, [apiKey])}, but COINFLOW_MERCHANT_ID is ${merchantId}`,
    'Correct COINFLOW_MERCHANT_ID, or use the API key of that merchant.',
  );
}

async function bySessionKey(
  send: Send,
  apiKey: string,
  randomKey: string,
  { env }: ResolvedCoinflowAuthOptions,
): Promise<CheckResult> {
  const own = await send(GET_SESSION_KEY, apiKey);
  const random = await send(GET_SESSION_KEY, randomKey);
  if (!isFromCoinflow(own) || !isFromCoinflow(random)) return undecided('Coinflow gave no answer about it');
  const [complaint, complaintOfRandom] = [complaintOf(own), complaintOf(random)];
  if (own.status === 401 && ABOUT_API_KEY.test(complaint)) {
    return failed('api-key', complaint, `Check COINFLOW_API_KEY, and that the key belongs to env "${env}".`);
  }
  if (complaint !== complaintOfRandom && random.status === 401 && ABOUT_USER.test(complaint)) {
    return ok('api-key', MERCHANT_UNKNOWN);
  }
  return undecided(complaint === complaintOfRandom ? `a random key gets the same answer: ${complaint}` : complaint);
}

function isFromCoinflow(outcome: Outcome): outcome is CoinflowResponse {
  return outcome instanceof CoinflowResponse && outcome.isFromCoinflow;
}

/** The answer without the id that differs from call to call. */
function complaintOf(response: CoinflowResponse): string {
  return response.describe().replace(/ \(debugId .*\)$/, '');
}

function undecided(why: string): CheckResult {
  return result(
    'api-key',
    'warning',
    `could not be checked: ${why}`,
    'Create one session key with the application, which uses the API key.',
  );
}
