import { documentedReason, type CoinflowApiErrorReason } from '../errors/api-reasons.js';
import {
  CoinflowApiError,
  CoinflowBudgetExhaustedError,
  CoinflowOutcomeUnknownError,
  type CoinflowAuthError,
} from '../errors/coinflow-auth.errors.js';
import type { CoinflowEndpoint } from '../http/endpoint.js';
import { unavailable } from '../http/response-errors.js';
import { NoResponse, isRedirect, type CoinflowResponse, type Outcome } from '../http/response.js';
import type { TimeLimit } from '../http/time-limit.js';
import { describeCredentials, isDocumented, type CallCredentials } from './call-credentials.js';
import type { DocumentedOperation } from './operations.js';

const WITHDRAWER = 'GET /withdraw';
const REQUEST_TIMEOUT = 408;

/** What the outcome of a call means depends on. */
export interface SentCall {
  /** The method and the path template. */
  readonly name: string;
  readonly operation: DocumentedOperation | undefined;
  readonly credentials: CallCredentials;
  /** Whether a repetition of the call has no further effect. */
  readonly isRepeatable: boolean;
}

/**
 * The body of a response with which Coinflow has done what the call asked for; `undefined` if it is empty.
 * @throws {@link CoinflowApiError} when Coinflow refused
 * @throws {@link CoinflowOutcomeUnknownError} when the call may have had an effect, and cannot be repeated
 * @throws {@link CoinflowUnavailableError} or {@link CoinflowBudgetExhaustedError} when it had none, or can be repeated
 */
export function resultOf(
  call: SentCall,
  outcome: Outcome,
  { endpoint, limit, signal }: { endpoint: CoinflowEndpoint; limit: TimeLimit; signal: AbortSignal | undefined },
): unknown {
  if (outcome instanceof NoResponse) {
    const mayHaveEffect = outcome.isSent && !call.isRepeatable;
    const error = endpoint.noResponse(outcome, limit);
    if (mayHaveEffect) throw outcomeUnknown(call, error.message, outcome.reason);
    if (outcome.reason === 'aborted') throw signal?.reason;
    throw error;
  }
  const { status, isFromCoinflow } = outcome;
  if (status >= 200 && status < 300 && isFromCoinflow) return outcome.json;
  throw isRefusal(outcome) ? refusal(call, outcome) : lateFailure(call, outcome);
}

/** Whether the response says that the call had no effect. */
function isRefusal({ status }: CoinflowResponse): boolean {
  return status >= 400 && status < 500 && status !== REQUEST_TIMEOUT;
}

/** The error of a 5xx, of a redirect, and of a 2xx that Coinflow did not send. */
function lateFailure(call: SentCall, response: CoinflowResponse): CoinflowAuthError {
  const { status, isFromCoinflow } = response;
  const reason = isFromCoinflow || isRedirect(status) ? `status-${status}` : 'not-coinflow';
  return call.isRepeatable ? unavailable(response, reason) : outcomeUnknown(call, response.describe(), reason);
}

function refusal(call: SentCall, response: CoinflowResponse): CoinflowAuthError {
  const { status, isFromCoinflow, retryAfterMs } = response;
  const reason = isFromCoinflow ? documentedRefusal(call, response) : undefined;
  if (reason !== undefined) return apiError(call, response, reason);
  if (status === 429) {
    return new CoinflowBudgetExhaustedError(`Coinflow's rate limit is exceeded: ${response.describe()}`, {
      reason: 'rate-limited-by-coinflow',
      retryAfterMs,
    });
  }
  // A firewall, for example. Coinflow did not get the call.
  if (!isFromCoinflow) return unavailable(response, 'not-coinflow');
  return apiError(call, response, status === 401 ? 'credentials-rejected' : 'request-rejected');
}

function documentedRefusal(
  { name, operation, credentials }: SentCall,
  response: CoinflowResponse,
): CoinflowApiErrorReason | undefined {
  const { status } = response;
  // Coinflow documents a decline in its guides, not with its operations.
  if (status === 400 && response.field('paymentId') !== undefined) return 'payment-declined';
  if (status === 412 && operation?.statuses.has(status) && response.field('transactionId') === undefined) {
    return 'precondition-failed';
  }
  if (operation?.statuses.has(status)) return documentedReason(status);
  const isWithdrawer = name === WITHDRAWER && status === 401 && operation !== undefined;
  return isWithdrawer && isDocumented(credentials, operation.credential) ? 'withdrawer-not-found' : undefined;
}

const ACTIONS: Readonly<Partial<Record<CoinflowApiErrorReason, string>>> = {
  'credentials-rejected':
    'Pass the documented credentials as auth. If they are, check the option apiKey (COINFLOW_API_KEY), and that the key belongs to the env.',
  'request-rejected': "Compare the path, the parameters and the body with Coinflow's documentation.",
};

function apiError(call: SentCall, response: CoinflowResponse, reason: CoinflowApiErrorReason): CoinflowApiError {
  const { name, operation, credentials } = call;
  const hint = reason === 'credentials-rejected' ? `. ${describeCredentials(credentials, operation?.credential)}` : '';
  const action = ACTIONS[reason];
  return new CoinflowApiError(`${response.describe()}${hint}`, {
    reason,
    operation: name,
    status: response.status,
    debugId: response.debugId,
    data: response.json,
    ...(action !== undefined && { action }),
  });
}

function outcomeUnknown({ name }: SentCall, description: string, reason: string): CoinflowOutcomeUnknownError {
  const message = `Whether Coinflow performed ${name} is unknown: ${description}`;
  return new CoinflowOutcomeUnknownError(message, { reason, operation: name });
}
