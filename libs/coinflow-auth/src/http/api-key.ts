import { CoinflowMisconfiguredError, CoinflowUnavailableError } from '../errors/coinflow-auth.errors.js';
import { apiKeyProblem } from '../util/header-value.js';
import type { ResolvedCoinflowAuthOptions } from '../options/resolve-options.js';
import type { TimeLimit } from './time-limit.js';

/** When nothing says when to try again. */
const RETRY_AFTER_MS = 5_000;

/**
 * The API key that the option `apiKey` gives now. Whatever the option's function throws may hold the secret, and stays here.
 * @throws {CoinflowUnavailableError} when the function fails, or gives no key within the time limit of the call
 * @throws {CoinflowMisconfiguredError} when it gives what cannot be sent
 */
export async function currentApiKey(
  { apiKey, http }: Pick<ResolvedCoinflowAuthOptions, 'apiKey' | 'http'>,
  limit: TimeLimit,
): Promise<string> {
  let key: unknown;
  try {
    key = await limit.within(Promise.resolve().then(() => apiKey()));
  } catch {
    const { message, reason } = limit.signal.aborted
      ? { message: `gave no key within ${http.timeoutMs} ms`, reason: 'api-key-function-timeout' }
      : { message: 'failed', reason: 'api-key-function-failed' };
    throw new CoinflowUnavailableError(`The function of the option apiKey ${message}`, {
      reason,
      action: 'Look at the function that you gave as the option apiKey, and at where it gets the key from.',
      retryAfterMs: RETRY_AFTER_MS,
    });
  }
  const problem = apiKeyProblem(key);
  if (!problem) return key as string;
  throw new CoinflowMisconfiguredError(`What the function of the option apiKey gave ${problem}`, {
    reason: 'api-key-function-wrong',
    action: 'Look at the function that you gave as the option apiKey.',
  });
}
