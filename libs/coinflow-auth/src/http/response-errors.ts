import {
  CoinflowBudgetExhaustedError,
  CoinflowIssuanceDeniedError,
  CoinflowMisconfiguredError,
  CoinflowSessionRejectedError,
  CoinflowSignatureRejectedError,
  CoinflowUnavailableError,
  type CoinflowAuthError,
} from '../errors/coinflow-auth.errors.js';
import { COINFLOW_BASE_URLS } from '../options/base-url.js';
import { RETRY_AFTER_MS, isRedirect, type CoinflowResponse, type NoResponse } from './response.js';

/** Statuses of Verify Token that reject the session key. */
const KEY_REJECTED = new Set([400, 401, 403, 422]);
/** Statuses of Get Session Key with an API key that deny the user. 401 is about the API key. */
const USER_DENIED = new Set([400, 403, 422, 423, 451]);
/** Statuses that deny the user or wallet where other statuses are about the values that were sent. */
const SUBJECT_BLOCKED = new Set([403, 423, 451]);
const SIGNATURE_REJECTED = new Set([400, 401, 422]);

/** @returns the error of a response that rejects a session key */
export function keyRejection(response: CoinflowResponse): CoinflowAuthError | undefined {
  if (!response.isFromCoinflow || !KEY_REJECTED.has(response.status)) return undefined;
  return new CoinflowSessionRejectedError(`Coinflow rejects the session key: ${response.describe()}`, {
    reason: 'rejected-by-coinflow',
  });
}

/** @returns the error of a response, to a call with the API key, that rejects that key or denies the user */
export function apiKeyRejection(response: CoinflowResponse, env: string): CoinflowAuthError | undefined {
  if (!response.isFromCoinflow) return undefined;
  if (USER_DENIED.has(response.status)) return issuanceDenied(response);
  if (response.status !== 401) return undefined;
  return new CoinflowMisconfiguredError(`Coinflow rejects the API key: ${response.describe()}`, {
    reason: 'api-key-rejected',
    action: `Check the option apiKey (COINFLOW_API_KEY), and that the key belongs to the env "${env}".`,
  });
}

/** @returns the error of a response, to a signed message, that rejects the signature or denies the wallet */
export function signatureRejection(response: CoinflowResponse): CoinflowAuthError | undefined {
  if (response.isFromCoinflow && SIGNATURE_REJECTED.has(response.status)) {
    return new CoinflowSignatureRejectedError(`Coinflow rejects the signature: ${response.describe()}`, {
      reason: 'signature-rejected',
    });
  }
  return subjectDenial(response);
}

/** @returns the error of a response, to a call without the API key, that denies the user or wallet */
export function subjectDenial(response: CoinflowResponse): CoinflowAuthError | undefined {
  return response.isFromCoinflow && SUBJECT_BLOCKED.has(response.status) ? issuanceDenied(response) : undefined;
}

/**
 * The error of any other response.
 * @param baseUrl unless Coinflow has responded as expected before: a 404 or a redirect then means that the URL is wrong
 */
export function unexpectedResponse(response: CoinflowResponse, baseUrl: string | undefined): CoinflowAuthError {
  const { status, isFromCoinflow, retryAfterMs } = response;
  if (status === 429) {
    return new CoinflowBudgetExhaustedError(`Coinflow's rate limit is exceeded: ${response.describe()}`, {
      reason: 'rate-limited-by-coinflow',
      retryAfterMs,
    });
  }
  if (baseUrl !== undefined && (status === 404 || isRedirect(status))) {
    return new CoinflowMisconfiguredError(`${baseUrl} is not Coinflow's API: ${response.describe()}`, {
      reason: 'wrong-url',
      action: 'Check the options env and baseUrl (COINFLOW_ENV, COINFLOW_BASE_URL).',
    });
  }
  return unavailable(response, isFromCoinflow ? `status-${status}` : 'not-coinflow');
}

/** The error of a response that does not tell what the call was for. */
export function unavailable(response: CoinflowResponse, reason: string): CoinflowUnavailableError {
  return new CoinflowUnavailableError(`Coinflow is unavailable: ${response.describe()}`, {
    reason,
    retryAfterMs: response.retryAfterMs,
  });
}

/** The error of a call that ended without a complete response. */
export function noResponse(
  { reason, code }: NoResponse,
  { name, baseUrl, timeoutMs }: { name: string; baseUrl: string; timeoutMs: number },
): CoinflowUnavailableError {
  const message =
    reason === 'timeout'
      ? `Coinflow did not respond to ${name} within ${timeoutMs} ms`
      : `${name} got no response from Coinflow: ${code}`;
  const details = { reason, retryAfterMs: RETRY_AFTER_MS };
  if (baseUrl !== COINFLOW_BASE_URLS.local) return new CoinflowUnavailableError(message, details);
  const hint = `The URL was ${baseUrl}, the default of env "local": set baseUrl (COINFLOW_BASE_URL) to that of your emulator.`;
  return new CoinflowUnavailableError(`${message}. ${hint}`, { ...details, action: hint });
}

/** @param name the method and the path of the endpoint */
export function breakerOpen(name: string, retryAfterMs: number): CoinflowUnavailableError {
  const message = `${name} has failed repeatedly and is not called until the next trial`;
  return new CoinflowUnavailableError(message, { reason: 'breaker-open', retryAfterMs });
}

function issuanceDenied(response: CoinflowResponse): CoinflowIssuanceDeniedError {
  return new CoinflowIssuanceDeniedError(`Coinflow denies a session key to this user: ${response.describe()}`, {
    reason: 'issuance-denied',
  });
}
