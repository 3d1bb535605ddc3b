import {
  CoinflowIssuanceDeniedError,
  CoinflowMisconfiguredError,
  CoinflowSignatureRejectedError,
  CoinflowUnavailableError,
  type CoinflowAuthError,
} from '../errors/coinflow-auth.errors.js';
import type { CoinflowResponse } from './coinflow-response.js';

/** Coinflow's refusals of a user. 401 is not among them: it is about the API key. */
const USER_REFUSED = new Set([400, 403, 422, 423, 451]);
/** Coinflow's refusals of a payer where another status is about what was sent. */
const USER_BLOCKED = new Set([403, 423, 451]);
const SIGNATURE_REFUSED = new Set([400, 401, 422]);

/** What an answer to the API key refuses, if it does: the key or the user. */
export function apiKeyRefusal(answer: CoinflowResponse, env: string): CoinflowAuthError | undefined {
  if (!answer.isCoinflows) return undefined;
  if (USER_REFUSED.has(answer.status)) return issuanceDenied(answer);
  if (answer.status !== 401) return undefined;
  return new CoinflowMisconfiguredError(`Coinflow does not accept the API key: ${answer.describe()}`, {
    reason: 'api-key-refused',
    action: `Check the option apiKey (COINFLOW_API_KEY), and that it belongs to the env “${env}”.`,
  });
}

/** What an answer to a signed message refuses, if it does: the payer or the signature. */
export function signatureRefusal(answer: CoinflowResponse): CoinflowAuthError | undefined {
  if (answer.isCoinflows && SIGNATURE_REFUSED.has(answer.status)) {
    return new CoinflowSignatureRejectedError(`Coinflow does not accept the signature: ${answer.describe()}`, {
      reason: 'signature-refused',
    });
  }
  return subjectDenial(answer);
}

/** Whether an answer refuses the payer, where nothing else vouches for them. */
export function subjectDenial(answer: CoinflowResponse): CoinflowAuthError | undefined {
  return answer.isCoinflows && USER_BLOCKED.has(answer.status) ? issuanceDenied(answer) : undefined;
}

/** An answer that is none to the question. */
export function unavailable(answer: CoinflowResponse, reason: string): CoinflowUnavailableError {
  return new CoinflowUnavailableError(`Coinflow cannot answer now: ${answer.describe()}`, {
    reason,
    retryAfterMs: answer.retryAfterMs,
  });
}

function issuanceDenied(answer: CoinflowResponse): CoinflowIssuanceDeniedError {
  return new CoinflowIssuanceDeniedError(`Coinflow gives this payer no session key: ${answer.describe()}`, {
    reason: 'payer-refused',
  });
}
