import { misconfigured } from '../../contexts/http-exception.js';
import { CoinflowWebhookUnavailableError } from '../../errors/coinflow-auth.errors.js';
import { HEADER_VALUE_RULE, isHeaderValue } from '../../util/header-value.js';
import type { ResolvedWebhookOptions } from '../../options/webhook-options.js';
import { NoAnswerError, answerBy, type Deadline } from '../deliveries/deadline.js';

const RETRY_AFTER_MS = 5_000;
const ACTION = 'Look at the function that you gave as the option webhook.keys, and at where it gets the keys from.';

/**
 * The keys that the option `webhook.keys` gives now. Whatever its function throws may hold a key, and stays here.
 * @throws {CoinflowWebhookUnavailableError} when the function fails, or gives nothing in time
 * @throws {CoinflowMisconfiguredError} when it gives what is no key
 */
export async function currentWebhookKeys(
  { keys }: Pick<ResolvedWebhookOptions, 'keys'>,
  deadline: Deadline,
): Promise<readonly string[]> {
  let given: unknown;
  try {
    given = await answerBy(deadline, keys);
  } catch (error) {
    const { message, reason } =
      error instanceof NoAnswerError
        ? { message: 'gave no key in time', reason: 'webhook-keys-function-timeout' }
        : { message: 'failed', reason: 'webhook-keys-function-failed' };
    throw new CoinflowWebhookUnavailableError(`The function of the option webhook.keys ${message}`, {
      reason,
      action: ACTION,
      retryAfterMs: RETRY_AFTER_MS,
    });
  }
  const all: unknown[] = Array.isArray(given) ? given : [given];
  if (all.length > 0 && all.every((key) => isHeaderValue(key))) return all;
  throw misconfigured(`What the function of the option webhook.keys gave ${HEADER_VALUE_RULE}`, {
    reason: 'webhook-keys-function-wrong',
    action: ACTION,
  });
}
