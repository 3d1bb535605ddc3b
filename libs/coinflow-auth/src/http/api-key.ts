import { CoinflowMisconfiguredError, CoinflowUnavailableError } from '../errors/coinflow-auth.errors.js';
import type { ResolvedCoinflowAuthOptions } from '../options/resolve-options.js';
import { apiKeyProblem } from '../util/header-value.js';
import { TimeoutError, withTimeout } from '../util/promises.js';
import { RETRY_AFTER_MS } from './response.js';
import type { TimeLimit } from './time-limit.js';

/**
 * The API key that the option `apiKey` returns now. An error of that function may contain the secret, so it is dropped.
 * @throws {@link CoinflowUnavailableError} when the function fails, or returns no key within the time limit of the call
 * @throws {@link CoinflowMisconfiguredError} when it returns a value that cannot be sent
 */
export async function currentApiKey(
  { apiKey }: Pick<ResolvedCoinflowAuthOptions, 'apiKey'>,
  limit: TimeLimit,
): Promise<string> {
  let key: unknown;
  try {
    key = await withTimeout(
      Promise.resolve().then(() => apiKey()),
      limit.leftMs,
    );
  } catch (error) {
    const { message, reason } =
      error instanceof TimeoutError
        ? { message: `returned no key within ${limit.ms} ms`, reason: 'api-key-function-timeout' }
        : { message: 'failed', reason: 'api-key-function-failed' };
    throw new CoinflowUnavailableError(`The function of the option apiKey ${message}`, {
      reason,
      action: 'Check the function that you passed as the option apiKey, and where it gets the key from.',
      retryAfterMs: RETRY_AFTER_MS,
    });
  }
  const problem = apiKeyProblem(key);
  if (!problem) return key as string;
  throw new CoinflowMisconfiguredError(`The value that the function of the option apiKey returns ${problem}`, {
    reason: 'api-key-function-invalid',
    action: 'Check the function that you passed as the option apiKey.',
  });
}
