import { describe, expect, it } from '@jest/globals';
import { COINFLOW_API_REASONS, documentedReason, type CoinflowApiErrorReason } from './api-reasons.js';
import { clientAnswer, statusOf } from './client-answer.js';
import {
  CoinflowApiError,
  CoinflowInvalidArgumentError,
  CoinflowOutcomeUnknownError,
  CoinflowUnavailableError,
} from './coinflow-auth.errors.js';

const REASONS = Object.keys(COINFLOW_API_REASONS) as CoinflowApiErrorReason[];

const apiError = (reason: CoinflowApiErrorReason): CoinflowApiError =>
  new CoinflowApiError('canary of Coinflow', {
    reason,
    operation: 'POST /canary',
    status: 418,
    debugId: 'canary',
    data: { message: 'canary' },
  });

describe('clientAnswer', () => {
  it('answers each reason of CoinflowApiError with a status and a message of our own', () => {
    const answers = REASONS.map((reason) => clientAnswer(apiError(reason)));
    expect(answers.map(({ status, details }) => `${status} ${String(details.reason)}`)).toEqual([
      '400 invalid-request',
      '402 payment-method-unavailable',
      '402 payment-declined',
      '403 not-allowed',
      '404 not-found',
      '404 withdrawer-not-found',
      '409 already-exists',
      '410 card-validation-expired',
      '412 challenge-required',
      '412 precondition-failed',
      '417 transaction-expired',
      '422 field-missing',
      '423 user-blocked',
      '426 bank-details-required',
      '428 account-verification-required',
      '429 too-many-transactions',
      '451 verification-required',
      '500 credentials-rejected',
      '500 request-rejected',
    ]);
    for (const answer of answers) {
      expect(Object.keys(answer.details)).toEqual(['code', 'reason']);
      expect(answer.message).toMatch(/^[A-Z].*[a-z.]$/);
      expect(JSON.stringify(answer)).not.toMatch(/canary|coinflow(?!_)/i);
    }
  });

  it('answers an unknown outcome 502 without a time to try again', () => {
    const error = new CoinflowOutcomeUnknownError('canary', { reason: 'timeout', operation: 'POST /canary' });
    expect(clientAnswer(error)).toEqual({
      status: 502,
      message: expect.not.stringContaining('canary') as unknown,
      details: { code: 'COINFLOW_OUTCOME_UNKNOWN' },
    });
  });

  it('answers an outage with the time to try again, and an invalid argument with its name', () => {
    const outage = new CoinflowUnavailableError('canary', { reason: 'timeout', retryAfterMs: 7_000 });
    expect(clientAnswer(outage)).toMatchObject({ status: 503, details: { retryAfterMs: 7_000 } });
    expect(clientAnswer(new CoinflowInvalidArgumentError('auth', 'must be given'))).toMatchObject({
      status: 400,
      message: 'auth must be given',
      details: { code: 'COINFLOW_INVALID_ARGUMENT' },
    });
  });
});

describe('statusOf', () => {
  it('is never 401 for a reason of Coinflow: that would make clients renew a valid session', () => {
    expect(REASONS.map((reason) => statusOf(apiError(reason))).filter((status) => status === 401)).toEqual([]);
  });
});

describe('documentedReason', () => {
  it.each([401, 500, 503, 418, 200])('has no reason by status for %d', (status) => {
    expect(documentedReason(status)).toBeUndefined();
  });

  it('has one reason for each status that Coinflow documents', () => {
    const statuses = [400, 402, 403, 404, 409, 410, 412, 417, 422, 423, 426, 428, 429, 451];
    for (const status of statuses) {
      const reason = documentedReason(status);
      expect(reason && COINFLOW_API_REASONS[reason]).toMatchObject({ coinflow: status, status });
    }
  });
});
