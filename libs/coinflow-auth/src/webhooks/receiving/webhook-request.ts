import { CoinflowWebhookUnsupportedTypeError, type CoinflowAuthError } from '../../errors/coinflow-auth.errors.js';
import { misconfigured } from '../../contexts/http-exception.js';
import type { RequestWithHeaders } from '../../extraction/session-key-extractor.js';
import type { Deadline } from '../deliveries/deadline.js';
import type { CoinflowWebhookEvent } from '../events/webhook-event.js';
import type { CoinflowWebhooks } from './coinflow-webhooks.js';

/** A request of Express or Fastify, with what Nest adds under `rawBody: true`. */
export interface WebhookRequest extends RequestWithHeaders {
  readonly rawBody?: unknown;
  /** Parsed, or the bytes themselves where nothing parses. */
  readonly body?: unknown;
}

/** What a webhook route needs of the application, in one line. */
const RAW_BODY_LINE = 'NestFactory.create(AppModule, { rawBody: true })';

const EMPTY = new Uint8Array();

/**
 * The bytes that are signed.
 * @throws {CoinflowWebhookUnsupportedTypeError} when the request does not say that it is JSON
 * @throws {CoinflowMisconfiguredError} when the application did not keep them
 */
export function rawBodyOf({ headers, rawBody, body }: WebhookRequest): Uint8Array {
  // Of any other type the parsers keep no bytes, whatever the application is told.
  if (!/^application\/json\s*(?:;|$)/i.test(String(headers['content-type'] ?? ''))) {
    throw new CoinflowWebhookUnsupportedTypeError('A webhook is not application/json', { reason: 'not-json' });
  }
  if (rawBody instanceof Uint8Array) return rawBody;
  if (typeof rawBody === 'string') return Buffer.from(rawBody);
  // Nobody has parsed it: `express.raw()`, or a platform that gives the bytes themselves.
  if (body instanceof Uint8Array) return body;
  // Express parses nothing where nothing was sent.
  if (!Number(headers['content-length'] ?? 0) && headers['transfer-encoding'] === undefined) return EMPTY;
  throw rawBodyMissing();
}

function rawBodyMissing(): CoinflowAuthError {
  return misconfigured('The application keeps no raw body, over which webhooks are signed', {
    reason: 'raw-body-missing',
    action: `Create the application with ${RAW_BODY_LINE}, and let no other parser of JSON run before Nest’s.`,
  });
}

const WEBHOOK = Symbol.for('nestjs-coinflow-auth:webhook');

/** What the guard found, for the interceptor and `@CoinflowEvent()`. */
export interface ReceivedWebhook {
  readonly webhooks: CoinflowWebhooks;
  readonly event: CoinflowWebhookEvent;
  /** Whether it may run: not if it is another merchant's, whom the application does not accept. */
  readonly isAccepted: boolean;
  readonly deadline: Deadline;
}

interface RequestWithWebhook {
  [WEBHOOK]?: ReceivedWebhook;
}

export function writeWebhook(request: object, received: ReceivedWebhook): void {
  (request as RequestWithWebhook)[WEBHOOK] = received;
}

export function readWebhook(request: object): ReceivedWebhook | undefined {
  return (request as RequestWithWebhook)[WEBHOOK];
}
