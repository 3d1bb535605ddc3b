import { misconfigured } from '../contexts/http-exception.js';
import {
  CoinflowWebhookUnavailableError,
  CoinflowWebhookUnsupportedTypeError,
} from '../errors/coinflow-auth.errors.js';
import type { RequestWithHeaders } from '../extraction/session-key-extractor.js';
import { HEADER_VALUE_RULE, isHeaderValue } from '../util/header-value.js';
import type { ResolvedWebhookOptions } from '../options/webhook-options.js';
import { DeadlineExceededError, withDeadline, type Deadline } from './deadline.js';

/** A request of Express or Fastify, with the property that Nest adds under `rawBody: true`. */
export interface WebhookRequest extends RequestWithHeaders {
  readonly rawBody?: unknown;
  /** Parsed, or the raw bytes where no parser runs. */
  readonly body?: unknown;
}

const EMPTY = new Uint8Array();

/**
 * The bytes that Coinflow has signed.
 * @throws {CoinflowWebhookUnsupportedTypeError} when the content type of the request is not JSON
 * @throws {CoinflowMisconfiguredError} when the application keeps no raw body
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

const KEYS_RETRY_AFTER_MS = 5_000;
const KEYS_ACTION = 'Check the function in the option webhook.keys and the place where it reads the keys.';

/**
 * The current keys of the option `webhook.keys`. An error of its function may contain a key, so it is not passed on.
 * @throws {CoinflowWebhookUnavailableError} when the function fails or does not return before the deadline
 * @throws {CoinflowMisconfiguredError} when the function returns something that is not a key
 */
export async function currentWebhookKeys(
  { keys }: Pick<ResolvedWebhookOptions, 'keys'>,
  deadline: Deadline,
): Promise<readonly string[]> {
  let current: unknown;
  try {
    current = await withDeadline(deadline, keys);
  } catch (error) {
    const [problem, reason] =
      error instanceof DeadlineExceededError
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
