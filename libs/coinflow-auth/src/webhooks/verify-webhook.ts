import { misconfigured } from '../contexts/http-exception.js';
import {
  CoinflowWebhookUnavailableError,
  CoinflowWebhookUnsupportedTypeError,
} from '../errors/coinflow-auth.errors.js';
import type { RequestWithHeaders } from '../extraction/session-key-extractor.js';
import type { ResolvedWebhookOptions } from '../options/resolve-options.js';
import { HEADER_VALUE_RULE, isHeaderValue } from '../util/header-value.js';
import { TimeoutError, withDeadline, type Deadline } from '../util/promises.js';
import { safeText } from '../util/secrets.js';
import { verifyWebhookSignature } from './signature.js';
import { parseEvent, type CoinflowWebhookEvent } from './webhook-event.js';

/** Coinflow waits five seconds for the response; the last second is for the network. */
const RESPONSE_TIMEOUT_MS = 4_000;
const KEYS_RETRY_AFTER_MS = 5_000;
/** Long, because somebody has to change the application; Coinflow retries for 36 hours. */
const MERCHANT_RETRY_AFTER_MS = 60_000;

/** A request of Express or Fastify, with the property that Nest adds under `rawBody: true`. */
export interface WebhookRequest extends RequestWithHeaders {
  readonly rawBody?: unknown;
  /** Parsed, or the raw bytes where no parser runs. */
  readonly body?: unknown;
}

/** A verified webhook. */
export interface ReceivedWebhook {
  readonly event: CoinflowWebhookEvent;
  /** Whether handlers may run: `false` for another merchant that the application does not accept. */
  readonly isMerchantAccepted: boolean;
  /** When the request arrived, on the monotonic clock. */
  readonly receivedAt: number;
}

/** What a request is verified with. */
export interface WebhookCheck {
  /** The merchant of this application. */
  readonly merchantId: string;
  /** `undefined` if the option `webhook` is not set: there is no key then. */
  readonly options: ResolvedWebhookOptions | undefined;
  /** Whether the delivery will be recorded: only then may its signature be old. */
  readonly isRecorded: boolean;
}

/** The time by which a webhook must be answered. */
export function deadlineOf({ receivedAt }: Pick<ReceivedWebhook, 'receivedAt'>): Deadline {
  return receivedAt + RESPONSE_TIMEOUT_MS;
}

/** Verifies a request and reads its event. `CoinflowWebhooks.receive()` documents the errors. */
export async function verifyWebhook(
  request: WebhookRequest,
  { merchantId, options, isRecorded }: WebhookCheck,
): Promise<ReceivedWebhook> {
  const receivedAt = performance.now();
  const deadline = deadlineOf({ receivedAt });
  const rawBody = rawBodyOf(request);
  verifyWebhookSignature({
    rawBody,
    headers: request.headers,
    keys: options ? await currentKeys(options, deadline) : [],
    acceptAuthorization: options?.acceptAuthorization,
    toleranceMs: isRecorded ? options?.toleranceMs : options?.unrecordedToleranceMs,
  });
  const event = parseEvent(rawBody);
  const isMerchantAccepted = await acceptsMerchantOf(event, merchantId, options?.acceptMerchant, deadline);
  return { event, isMerchantAccepted, receivedAt };
}

const EMPTY = new Uint8Array();

/**
 * The bytes that Coinflow has signed.
 * @throws {@link CoinflowWebhookUnsupportedTypeError} when the content type of the request is not JSON
 * @throws {@link CoinflowMisconfiguredError} when the application keeps no raw body
 */
export function rawBodyOf({ headers, rawBody, body }: WebhookRequest): Uint8Array {
  // Nest keeps the raw body of parsed content types only.
  if (!/^application\/json\s*(?:;|$)/i.test(String(headers['content-type'] ?? ''))) {
    throw new CoinflowWebhookUnsupportedTypeError('The content type of a webhook is not application/json', {
      reason: 'not-json',
    });
  }
  if (rawBody instanceof Uint8Array) return rawBody;
  if (typeof rawBody === 'string') return Buffer.from(rawBody);
  // No parser has run: `express.raw()`, or a platform that passes the bytes themselves.
  if (body instanceof Uint8Array) return body;
  // Express does not parse an empty body.
  if (!Number(headers['content-length'] ?? 0) && headers['transfer-encoding'] === undefined) return EMPTY;
  throw misconfigured('The application keeps no raw body, which webhook signatures need', {
    reason: 'raw-body-missing',
    action:
      "Create the application with NestFactory.create(AppModule, { rawBody: true }), and run no other JSON parser before Nest's.",
  });
}

const KEYS_ACTION = 'Check the function in the option webhook.keys and the place where it reads the keys.';

/**
 * The current keys of the option `webhook.keys`. An error of its function may contain a key, so it is not passed on.
 * @throws {@link CoinflowWebhookUnavailableError} when the function fails or does not return before the deadline
 * @throws {@link CoinflowMisconfiguredError} when the function returns something that is not a key
 */
async function currentKeys({ keys }: ResolvedWebhookOptions, deadline: Deadline): Promise<readonly string[]> {
  let current: unknown;
  try {
    current = await withDeadline(keys, deadline);
  } catch (error) {
    const [problem, reason] =
      error instanceof TimeoutError
        ? ['returned no key in time', 'webhook-keys-function-timeout']
        : ['failed', 'webhook-keys-function-failed'];
    throw new CoinflowWebhookUnavailableError(`The function in the option webhook.keys ${problem}`, {
      reason,
      action: KEYS_ACTION,
      retryAfterMs: KEYS_RETRY_AFTER_MS,
    });
  }
  const list: unknown[] = Array.isArray(current) ? current : [current];
  if (list.length > 0 && list.every((key) => isHeaderValue(key))) return list;
  throw misconfigured(`The result of the function in the option webhook.keys ${HEADER_VALUE_RULE}`, {
    reason: 'webhook-keys-function-invalid',
    action: KEYS_ACTION,
  });
}

/** Event types about a sub-merchant, which is the merchant in `merchantId`: KYB, application, RFI. */
const ABOUT_SUB_MERCHANTS = /^(?:Sub-merchant |Seller Blocked$)/;

/**
 * Whether the handlers may receive an event. The URLs of a parent merchant also receive the events of its sub-merchants,
 * which choose their own user ids: the user `alice` of a sub-merchant is not the user `alice` of this merchant.
 * @throws {@link CoinflowWebhookUnavailableError} when the event is another merchant's and `acceptMerchant` is missing or fails
 */
async function acceptsMerchantOf(
  { eventType, data, merchantId }: CoinflowWebhookEvent,
  ownMerchantId: string,
  acceptMerchant: ResolvedWebhookOptions['acceptMerchant'],
  deadline: Deadline,
): Promise<boolean> {
  const { merchantId: named } = data;
  if (named === undefined || named === null || named === ownMerchantId) return true;
  if (ABOUT_SUB_MERCHANTS.test(eventType)) return true;
  if (merchantId === undefined) {
    throw merchantUndecided('The merchantId of a webhook event is not a string', 'merchant-malformed');
  }
  const subject = `a webhook event of the merchant "${safeText(merchantId, [])}"`;
  if (!acceptMerchant) throw merchantUndecided(`Cannot decide about ${subject}`, 'accept-merchant-missing');
  try {
    return (await withDeadline(() => acceptMerchant(merchantId), deadline)) === true;
  } catch (error) {
    const [problem, reason] =
      error instanceof TimeoutError
        ? ['did not respond in time', 'accept-merchant-timeout']
        : ['failed', 'accept-merchant-failed'];
    const cause = error instanceof Error ? error : undefined;
    throw merchantUndecided(`webhook.acceptMerchant ${problem} for ${subject}`, reason, cause);
  }
}

function merchantUndecided(message: string, reason: string, cause?: Error): CoinflowWebhookUnavailableError {
  return new CoinflowWebhookUnavailableError(message, {
    reason,
    retryAfterMs: MERCHANT_RETRY_AFTER_MS,
    ...(cause && { cause }),
  });
}
