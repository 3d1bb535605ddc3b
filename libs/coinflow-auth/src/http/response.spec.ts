import { describe, expect, it } from '@jest/globals';
import { CoinflowResponse } from './response.js';

describe('CoinflowResponse.describe()', () => {
  const describeBody = (body: object, secrets: string[] = []): string =>
    new CoinflowResponse(
      'GET /path',
      { status: 401, headers: {}, data: JSON.stringify(body) },
      () => secrets,
    ).describe();

  it('has two texts of the body, because the first one can say little', () => {
    const body = { message: 'Error Processing your request', details: 'Authorization header not set', reason: 'third' };
    expect(describeBody(body)).toBe(
      'GET /path returned 401: "Error Processing your request: Authorization header not set"',
    );
  });

  it('has a text once that two fields repeat', () => {
    expect(describeBody({ msg: 'Do not honor', message: 'Do not honor', debugId: 'id-1' })).toBe(
      'GET /path returned 401: "Do not honor" (debugId id-1)',
    );
  });

  it('removes secrets from each text and from the id', () => {
    const body = { message: 'key canary', details: 'of canary', debugId: 'canary' };
    expect(describeBody(body, ['canary'])).toBe(
      'GET /path returned 401: "key [redacted]: of [redacted]" (debugId [redacted])',
    );
  });
});
