import { createHmac, timingSafeEqual } from 'node:crypto';
import {
  CoinflowMisconfiguredError,
  CoinflowWebhookSignatureInvalidError,
  CoinflowWebhookSignatureTooOldError,
} from '../errors/coinflow-auth.errors.js';
import { SHORT_TOLERANCE_MS } from '../options/coinflow-auth-options.js';
import { safeEqual } from '../util/secrets.js';

/** The header that carries Coinflow's signature of a webhook. */
export const COINFLOW_SIGNATURE_HEADER = 'coinflow-signature';

/** Headers of a request: those of Node, those of `fetch`, or any object whose names may be in any case. */
export type WebhookHeaders =
  Readonly<Record<string, string | readonly string[] | undefined>> | { get(name: string): string | null };

/**
 * The options of {@link verifyWebhookSignature}.
 *
 * @inline
 */
export interface VerifyWebhookSignatureOptions {
  /** The body exactly as it was received. A body that was parsed and serialized again has another signature. */
  rawBody: Uint8Array | string;
  /** The headers of the request; names in any case. */
  headers: WebhookHeaders;
  /** The Webhook Validation Key, or several keys during a rotation. */
  keys: string | readonly string[];
  /**
   * Whether to accept a webhook without a signature whose `Authorization` header is one of the keys; see
   * `webhook.acceptAuthorization`. A signature that is present must be valid in any case.
   * @default false
   */
  acceptAuthorization?: boolean | undefined;
  /**
   * The maximum age of a signature in milliseconds. A signature may always be up to 5 minutes in the future.
   * @default 300_000 (5 minutes)
   */
  toleranceMs?: number;
  /**
   * The current time in milliseconds since 1970.
   * @default Date.now()
   */
  now?: number;
}

/** The result of {@link verifyWebhookSignature}. */
export interface VerifiedWebhook {
  /** Whether the signature or the `Authorization` header was verified. */
  readonly verifiedBy: 'signature' | 'authorization';
  /** The index of the key that matched. When only the newest key matches, remove the older ones. */
  readonly keyIndex: number;
  /** When the webhook was signed; `null` when it was verified by its `Authorization` header. */
  readonly signedAt: Date | null;
}

/**
 * The options of {@link signWebhook}.
 *
 * @inline
 */
export interface SignWebhookOptions {
  /** The body exactly as it will be sent. */
  rawBody: Uint8Array | string;
  /** The key, or several keys: the header gets one `v1` for each. */
  keys: string | readonly string[];
  /**
   * The time of the signature in milliseconds since 1970.
   * @default Date.now()
   */
  now?: number;
}

/**
 * Verifies that Coinflow sent a webhook: HMAC-SHA256 over the timestamp and the raw body, compared in constant time.
 * Use it where the guard cannot run, for example in a serverless function.
 * @throws {@link CoinflowWebhookSignatureInvalidError} when the signature is missing, malformed or wrong
 * @throws {@link CoinflowWebhookSignatureTooOldError} when the signature is valid but older than `toleranceMs`
 * @throws {@link CoinflowMisconfiguredError} when there is no key, or an empty one: anybody can sign with an empty key
 * @example
 * verifyWebhookSignature({ rawBody, headers: request.headers, keys: process.env.COINFLOW_WEBHOOK_VALIDATION_KEY! })
 */
export function verifyWebhookSignature(options: VerifyWebhookSignatureOptions): VerifiedWebhook {
  const { headers, acceptAuthorization = false } = options;
  const keys = keysOf(options.keys);
  const header = readHeader(headers, COINFLOW_SIGNATURE_HEADER);
  // A wrong signature is rejected even beside a valid `Authorization`: an attacker who can change the body has also
  // seen that header.
  if (header !== undefined) return verifySignature(header, keys, options);
  if (!acceptAuthorization) throw invalid('the Coinflow-Signature header is missing', 'signature-missing');
  const authorization = readHeader(headers, 'authorization');
  if (authorization === undefined) {
    throw invalid('the Coinflow-Signature and Authorization headers are missing', 'credentials-missing');
  }
  const keyIndex = keys.findIndex((key) => safeEqual(authorization, key));
  if (keyIndex < 0) throw invalid('the Authorization header matches no key', 'authorization-mismatch');
  return { verifiedBy: 'authorization', keyIndex, signedAt: null };
}

/**
 * Signs a body as Coinflow does, for your own tests.
 * @returns the value of the `Coinflow-Signature` header
 * @throws {@link CoinflowMisconfiguredError} when there is no key, or an empty one
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
  const parsed = parseSignatureHeader(header);
  if (!parsed) throw invalid('the Coinflow-Signature header is malformed', 'signature-malformed');
  const keyIndex = keys.findIndex((key) => {
    const expected = hmac(key, parsed.timestamp, rawBody);
    return parsed.signatures.some((signature) => timingSafeEqual(signature, expected));
  });
  if (keyIndex < 0) throw invalid('the signature matches no key', 'signature-mismatch');

  const signedAtMs = Number(parsed.timestamp) * 1_000;
  // Coinflow signs whole seconds: a signature of the current second has the age 0, not up to 999 ms.
  const ageMs = Math.floor(now / 1_000) * 1_000 - signedAtMs;
  if (ageMs < -SHORT_TOLERANCE_MS) throw invalid('the timestamp is in the future', 'timestamp-in-future');
  if (ageMs > toleranceMs) {
    throw new CoinflowWebhookSignatureTooOldError(
      `The signature of a webhook is valid but ${ageMs / 1_000} s old; at most ${toleranceMs / 1_000} s are allowed`,
      { reason: 'signature-too-old' },
    );
  }
  return { verifiedBy: 'signature', keyIndex, signedAt: new Date(signedAtMs) };
}

interface ParsedSignatureHeader {
  /** Exactly as it was sent: the signature covers it. */
  readonly timestamp: string;
  /** Every `v1` that has the format of a signature. */
  readonly signatures: readonly Buffer[];
}

/** 12 digits are enough for 30,000 years. A longer number would lose precision. */
const TIMESTAMP = /^\d{1,12}$/;
const SIGNATURE = /^[0-9a-f]{64}$/;

/**
 * Parses `t=1717012345,v1=<64 hex>`. The parts may be in any order, with several `v1`; other parts are ignored.
 * @returns `undefined` unless there is exactly one timestamp and at least one `v1`
 */
export function parseSignatureHeader(header: string): ParsedSignatureHeader | undefined {
  const parts = header.split(',').map((part): [string, string] => {
    const at = part.indexOf('=');
    return at < 0 ? [part.trim(), ''] : [part.slice(0, at).trim(), part.slice(at + 1).trim()];
  });
  const valuesOf = (name: string): string[] => parts.filter(([key]) => key === name).map(([, value]) => value);
  const [timestamp, ...otherTimestamps] = valuesOf('t');
  const signatures = valuesOf('v1');
  if (timestamp === undefined || otherTimestamps.length > 0 || !TIMESTAMP.test(timestamp)) return undefined;
  if (signatures.length === 0) return undefined;
  return {
    timestamp,
    signatures: signatures.filter((value) => SIGNATURE.test(value)).map((value) => Buffer.from(value, 'hex')),
  };
}

/** The value of a header. Values of a header that was sent more than once are joined by commas, as HTTP defines. */
function readHeader(headers: WebhookHeaders, name: string): string | undefined {
  if (isFetchHeaders(headers)) return headers.get(name) ?? undefined;
  const values = Object.entries(headers).flatMap(([key, value]) =>
    key.toLowerCase() === name && value !== undefined ? value : [],
  );
  return values.length > 0 ? values.join(',') : undefined;
}

function isFetchHeaders(headers: WebhookHeaders): headers is { get(name: string): string | null } {
  return typeof headers.get === 'function';
}

function keysOf(keys: string | readonly string[]): readonly string[] {
  const list: readonly string[] = typeof keys === 'string' ? [keys] : keys;
  if (Array.isArray(keys) ? list.length > 0 && list.every(isKey) : isKey(keys)) return list;
  throw new CoinflowMisconfiguredError('There is no key to verify webhooks with', {
    reason: 'webhook-key-missing',
    action: 'Pass the Webhook Validation Key of the Coinflow dashboard (COINFLOW_WEBHOOK_VALIDATION_KEY).',
  });
}

function isKey(key: unknown): boolean {
  return typeof key === 'string' && key !== '';
}

function hmac(key: string, timestamp: string, rawBody: Uint8Array | string): Buffer {
  return createHmac('sha256', key).update(`${timestamp}.`).update(rawBody).digest();
}

function invalid(problem: string, reason: string): CoinflowWebhookSignatureInvalidError {
  return new CoinflowWebhookSignatureInvalidError(`Invalid webhook signature: ${problem}`, { reason });
}
