import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import {
  CoinflowMisconfiguredError,
  CoinflowWebhookSignatureInvalidError,
  CoinflowWebhookSignatureTooOldError,
} from '../../errors/coinflow-auth.errors.js';
import { SHORT_TOLERANCE_MS, type CoinflowWebhookProof } from '../../options/webhook-options.js';
import {
  COINFLOW_SIGNATURE_HEADER,
  parseSignatureHeader,
  readHeader,
  type WebhookHeaders,
} from './signature-header.js';

/** What {@link verifyWebhookSignature} is given. */
export interface VerifyWebhookSignatureOptions {
  /** The body exactly as it came: one that was parsed and written again has another signature. */
  rawBody: Uint8Array | string;
  /** The headers of the request; names in any case. */
  headers: WebhookHeaders;
  /** The Webhook Validation Key, or several while it is rotated. */
  keys: string | readonly string[];
  /**
   * The proofs that are taken; see `webhook.proofs`.
   * @default ['signature']
   */
  proofs?: readonly CoinflowWebhookProof[];
  /**
   * How old, in milliseconds, a signature may be. It may lie 5 minutes in the future, whatever this says.
   * @default 300_000 (5 minutes)
   */
  toleranceMs?: number;
  /**
   * The time, in milliseconds since 1970.
   * @default Date.now()
   */
  now?: number;
}

/** How a webhook was proven. */
export interface VerifiedWebhook {
  /** The proof that was there. */
  readonly proof: CoinflowWebhookProof;
  /** Which of the keys fitted: once none but the newest does, the older ones can go. */
  readonly keyIndex: number;
  /** When it was signed; `null` when it was not. */
  readonly signedAt: Date | null;
}

/** What {@link signWebhook} is given. */
export interface SignWebhookOptions {
  /** The body exactly as it will be sent. */
  rawBody: Uint8Array | string;
  /** The key, or several: one `v1` each. */
  keys: string | readonly string[];
  /**
   * The time to sign, in milliseconds since 1970.
   * @default Date.now()
   */
  now?: number;
}

/**
 * Proves that a webhook is Coinflow's: HMAC-SHA256 over the time and the raw body, compared in constant time. Pure: for
 * where the guard cannot be, a serverless function, say.
 * @throws {CoinflowWebhookSignatureInvalidError} when there is no proof, or a wrong one
 * @throws {CoinflowWebhookSignatureTooOldError} when the signature is right and too old
 * @throws {CoinflowMisconfiguredError} when there is no key: a signature under an empty one is everybody's
 * @example
 * verifyWebhookSignature({ rawBody, headers: request.headers, keys: process.env.COINFLOW_WEBHOOK_VALIDATION_KEY! })
 */
export function verifyWebhookSignature(options: VerifyWebhookSignatureOptions): VerifiedWebhook {
  const { headers, proofs = ['signature'] } = options;
  const keys = keysOf(options.keys);
  const header = readHeader(headers, COINFLOW_SIGNATURE_HEADER);
  // Whatever else the request has: who can change the body in between has seen `Authorization`, too.
  if (header !== undefined) return verifySignature(header, keys, options);
  if (!proofs.includes('authorization')) throw invalid('It has no Coinflow-Signature', 'signature-missing');
  const authorization = readHeader(headers, 'authorization');
  if (authorization === undefined) throw invalid('It has neither Coinflow-Signature nor Authorization', 'no-proof');
  const keyIndex = keys.findIndex((key) => isSame(authorization, key));
  if (keyIndex < 0) throw invalid('Its Authorization is no key of ours', 'authorization-mismatch');
  return { proof: 'authorization', keyIndex, signedAt: null };
}

/**
 * Signs a body as Coinflow does, for tests of your own.
 * @returns the value of the header `Coinflow-Signature`
 * @throws {CoinflowMisconfiguredError} when there is no key
 */
export function signWebhook({ rawBody, keys, now = Date.now() }: SignWebhookOptions): string {
  const timestamp = String(Math.floor(now / 1_000));
  const signatures = keysOf(keys).map((key) => `v1=${hmac(key, timestamp, rawBody).toString('hex')}`);
  return [`t=${timestamp}`, ...signatures].join(',');
}

function verifySignature(
  header: string,
  keys: readonly string[],
  { rawBody, toleranceMs = SHORT_TOLERANCE_MS, now = Date.now() }: VerifyWebhookSignatureOptions,
): VerifiedWebhook {
  const parts = parseSignatureHeader(header);
  if (!parts) throw invalid('Its Coinflow-Signature is malformed', 'signature-malformed');
  const keyIndex = keys.findIndex((key) => {
    const expected = hmac(key, parts.timestamp, rawBody);
    return parts.signatures.some((signature) => timingSafeEqual(signature, expected));
  });
  if (keyIndex < 0) throw invalid('Its Coinflow-Signature fits no key of ours', 'signature-mismatch');

  const signedAtMs = Number(parts.timestamp) * 1_000;
  // In whole seconds, as the time is signed: a signature of this very second is 0 old, not 999 ms.
  const ageMs = Math.floor(now / 1_000) * 1_000 - signedAtMs;
  if (ageMs < -SHORT_TOLERANCE_MS) throw invalid('It was signed in the future', 'timestamp-in-future');
  if (ageMs > toleranceMs) {
    throw new CoinflowWebhookSignatureTooOldError(
      `A webhook with a right signature is ${ageMs / 1_000} s old; ${toleranceMs / 1_000} s are allowed`,
      { reason: 'signature-too-old' },
    );
  }
  return { proof: 'signature', keyIndex, signedAt: new Date(signedAtMs) };
}

function keysOf(keys: string | readonly string[]): readonly string[] {
  const all: readonly string[] = typeof keys === 'string' ? [keys] : keys;
  if (Array.isArray(keys) ? all.length > 0 && all.every(isKey) : isKey(keys)) return all;
  throw new CoinflowMisconfiguredError('There is no key to verify webhooks with', {
    reason: 'webhook-key-missing',
    action: 'Give the Webhook Validation Key of the Coinflow dashboard (COINFLOW_WEBHOOK_VALIDATION_KEY).',
  });
}

function isKey(key: unknown): boolean {
  return typeof key === 'string' && key !== '';
}

function hmac(key: string, timestamp: string, rawBody: Uint8Array | string): Buffer {
  return createHmac('sha256', key).update(`${timestamp}.`).update(rawBody).digest();
}

/** Of their digests, so that neither the time that it takes nor an error tells the length. */
function isSame(given: string, expected: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

function invalid(what: string, reason: string): CoinflowWebhookSignatureInvalidError {
  return new CoinflowWebhookSignatureInvalidError(`A webhook is not proven to be Coinflow’s. ${what}`, { reason });
}
