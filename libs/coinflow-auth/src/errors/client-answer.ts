import { COINFLOW_API_REASONS, type CoinflowApiErrorReason } from './api-reasons.js';
import { isCoinflowAuthError, isTemporary, type CoinflowAuthError } from './coinflow-auth.errors.js';
import { COINFLOW_AUTH_ERRORS, type CoinflowAuthErrorCode } from './error-statuses.js';

/** What the application's own client learns of an error, over any transport. The details are only in the error and the log. */
export interface ClientAnswer {
  /** The HTTP status. */
  readonly status: number;
  readonly message: string;
  /** The fields that programs read. */
  readonly details: {
    readonly code: CoinflowAuthErrorCode;
    /** Only of a `CoinflowApiError`. */
    readonly reason?: CoinflowApiErrorReason;
    readonly retryAfterMs?: number;
  };
}

export function clientAnswer(error: CoinflowAuthError): ClientAnswer {
  const { code } = error;
  if (isCoinflowAuthError(error) && error.code === 'COINFLOW_API_ERROR') {
    const { reason } = error;
    const { status, message } = COINFLOW_API_REASONS[reason];
    return { status, message, details: { code, reason } };
  }
  const { status, message } = COINFLOW_AUTH_ERRORS[code];
  return {
    status,
    // The client may have sent the argument, so it gets the name of the argument and the rule.
    message: code === 'COINFLOW_INVALID_ARGUMENT' ? error.message : message,
    details: { code, ...(isTemporary(error) && { retryAfterMs: error.retryAfterMs }) },
  };
}

/** The HTTP status of the answer to the application's own client. */
export function statusOf(error: CoinflowAuthError): number {
  return clientAnswer(error).status;
}
