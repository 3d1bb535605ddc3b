import { CoinflowWebhookUnavailableError } from '../errors/coinflow-auth.errors.js';
import { safeText } from '../util/safe-text.js';
import type { CoinflowWebhookOptions } from '../options/webhook-options.js';
import { DeadlineExceededError, withDeadline, type Deadline } from './deadline.js';
import type { ParsedEvent } from './webhook-event.js';

/** Long, because somebody has to change the application; Coinflow retries for 36 hours. */
const RETRY_AFTER_MS = 60_000;
/** Event types about a sub-merchant, which is the merchant in `merchantId`: KYB, application, RFI. */
const ABOUT_SUB_MERCHANTS = /^(?:Sub-merchant |Seller Blocked$)/;

/** The merchant that an event names, or `undefined`. */
export function merchantOf({ data }: Pick<ParsedEvent, 'data'>): string | undefined {
  return typeof data.merchantId === 'string' ? data.merchantId : undefined;
}

/**
 * Whether the handlers may receive an event. The URLs of a parent merchant also receive the events of its sub-merchants,
 * which choose their own user ids: the user `alice` of a sub-merchant is not the user `alice` of this merchant.
 * @throws {CoinflowWebhookUnavailableError} when the event is another merchant's and `acceptMerchant` is missing or fails
 */
export async function isAccepted(
  event: Pick<ParsedEvent, 'eventType' | 'data'>,
  ownMerchantId: string,
  acceptMerchant: CoinflowWebhookOptions['acceptMerchant'],
  deadline: Deadline,
): Promise<boolean> {
  const { merchantId: named } = event.data;
  if (named === undefined || named === null || named === ownMerchantId) return true;
  if (ABOUT_SUB_MERCHANTS.test(event.eventType)) return true;
  const merchantId = merchantOf(event);
  if (merchantId === undefined) {
    throw unavailable('The merchantId of a webhook event is not a string', 'merchant-malformed');
  }
  const subject = `a webhook event of the merchant "${safeText(merchantId, [])}"`;
  if (!acceptMerchant) throw unavailable(`Cannot decide about ${subject}`, 'accept-merchant-missing');
  try {
    return (await withDeadline(deadline, () => acceptMerchant(merchantId))) === true;
  } catch (error) {
    const [problem, reason] =
      error instanceof DeadlineExceededError
        ? ['did not respond in time', 'accept-merchant-timeout']
        : ['failed', 'accept-merchant-failed'];
    const cause = error instanceof Error ? error : undefined;
    throw unavailable(`webhook.acceptMerchant ${problem} for ${subject}`, reason, cause);
  }
}

function unavailable(message: string, reason: string, cause?: Error): CoinflowWebhookUnavailableError {
  return new CoinflowWebhookUnavailableError(message, {
    reason,
    retryAfterMs: RETRY_AFTER_MS,
    ...(cause && { cause }),
  });
}
