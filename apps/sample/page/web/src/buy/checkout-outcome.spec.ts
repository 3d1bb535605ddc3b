import { describe, expect, it } from '@jest/globals';
import type { ApiResponse } from '../api/call-api.js';
import { stringIn } from '../api/type-guards.js';
import { outcomeOf } from './checkout-outcome.js';

function response(status: number, body: unknown = {}): ApiResponse {
  const message = undefined;
  return { status, body, code: stringIn(body, 'code'), message, retryAfterSeconds: undefined, durationMs: 1 };
}

const CHALLENGE = { transactionId: 't', url: 'https://bank.test/challenge', creq: 'c' };

describe('outcomeOf', () => {
  it.each<[string, ApiResponse, string]>([
    ['a payment', response(201, { paymentId: 'p' }), 'paid'],
    ['a declined card', response(402, { code: 'COINFLOW_API_ERROR', reason: 'payment-declined' }), 'declined'],
    ['a blocked user', response(423, { code: 'COINFLOW_API_ERROR', reason: 'user-blocked' }), 'blocked'],
    [
      'a challenge',
      response(412, { code: 'COINFLOW_API_ERROR', reason: 'challenge-required', challenge: CHALLENGE }),
      'challenge',
    ],
    ['an unknown outcome', response(502, { code: 'COINFLOW_OUTCOME_UNKNOWN' }), 'unknown'],
    ['a lost response', response(0, undefined), 'unknown'],
    ['the error page of a proxy', response(504, undefined), 'unknown'],
    ['an outage before anything was sent', response(503, { code: 'COINFLOW_UNAVAILABLE' }), 'failed'],
    ['an expired session', response(401, { code: 'COINFLOW_SESSION_KEY_EXPIRED' }), 'failed'],
    ['an invalid body', response(400, { message: ['cents must be an integer number'] }), 'failed'],
  ])('recognises %s', (_, answer, state) => {
    expect(outcomeOf(answer)).toMatchObject({ state });
  });

  it.each<[string, object]>([
    ['whose URL runs a script', { ...CHALLENGE, url: 'javascript:alert(1)' }],
    ['whose URL is relative', { ...CHALLENGE, url: '/me' }],
    ['without a URL', { ...CHALLENGE, url: undefined }],
    ['whose creq is no text', { ...CHALLENGE, creq: 5 }],
  ])('opens no challenge %s', (_, challenge) => {
    expect(outcomeOf(response(412, { reason: 'challenge-required', challenge }))).toMatchObject({ state: 'failed' });
  });
});
