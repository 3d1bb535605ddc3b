import { CoinflowWebhookUnavailableError } from '../../errors/coinflow-auth.errors.js';
import { safeText } from '../../util/safe-text.js';
import type { CoinflowWebhookOptions } from '../../options/webhook-options.js';
import { NoAnswerError, answerBy, type Deadline } from '../deliveries/deadline.js';
import type { ParsedEvent } from '../events/parse-event.js';

/** A sub-merchant is changed by hand: Coinflow retries for 36 hours. */
const RETRY_AFTER_MS = 60_000;
/** Types that are about a sub-merchant, and name it in `merchantId`: KYB, application, RFI. */
const ABOUT_SUB_MERCHANTS = /^(?:Sub-merchant |Seller Blocked$)/;

/** Whose an event is: `undefined` where it does not say. */
export function merchantOf({ data }: Pick<ParsedEvent, 'data'>): string | undefined {
  return typeof data.merchantId === 'string' ? data.merchantId : undefined;
}

/**
 * Whether the handlers may see an event. A parent's URLs also get the events of its sub-merchants, whose user ids are chosen by
 * themselves: a sub-merchant's `alice` is not this merchant's.
 * @throws {CoinflowWebhookUnavailableError} when it is another merchant's, and the application does not say
 */
export async function isAccepted(
  event: Pick<ParsedEvent, 'eventType' | 'data'>,
  own: string,
  acceptMerchant: CoinflowWebhookOptions['acceptMerchant'],
  deadline: Deadline,
): Promise<boolean> {
  const { merchantId: named } = event.data;
  if (named === undefined || named === null || named === own || ABOUT_SUB_MERCHANTS.test(event.eventType)) return true;
  const merchantId = merchantOf(event);
  if (merchantId === undefined) throw undecided('with a merchantId that is no text', 'merchant-malformed');
  const about = `about the merchant "${safeText(merchantId, [])}"`;
  if (!acceptMerchant) throw undecided(about, 'accept-merchant-missing');
  try {
    return (await answerBy(deadline, () => acceptMerchant(merchantId))) === true;
  } catch (error) {
    const reason = error instanceof NoAnswerError ? 'accept-merchant-timeout' : 'accept-merchant-failed';
    throw undecided(about, reason, error instanceof Error ? error : undefined);
  }
}

function undecided(about: string, reason: string, cause?: Error): CoinflowWebhookUnavailableError {
  return new CoinflowWebhookUnavailableError(`Whether to accept an event ${about} is not known`, {
    reason,
    retryAfterMs: RETRY_AFTER_MS,
    ...(cause && { cause }),
  });
}
