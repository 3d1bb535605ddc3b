import { describe, expect, it } from '@jest/globals';
import type { ApiResponse } from '../api/call-api.js';
import { COINFLOW_AUTH_ERRORS } from '../../../../../../libs/coinflow-auth/src/errors/error-statuses.js';
import { meaningOf, summarise } from './result-texts.js';
import { ResponseTally, runRequests } from './run.js';

function response(status: number, code?: string): ApiResponse {
  return { status, code, body: undefined, message: undefined, retryAfterSeconds: undefined, durationMs: 1 };
}

describe('runRequests', () => {
  it('sends each request once with limited concurrency', async () => {
    let [pending, mostPending, sent] = [0, 0, 0];
    const done: number[] = [];
    await runRequests({
      count: 20,
      concurrency: 4,
      signal: new AbortController().signal,
      send: async () => {
        sent += 1;
        pending += 1;
        mostPending = Math.max(mostPending, pending);
        await Promise.resolve();
        pending -= 1;
        return response(200);
      },
      onResponse: (_, count) => done.push(count),
    });
    expect([sent, mostPending]).toEqual([20, 4]);
    expect(done).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
  });

  it('stops when the signal aborts, and does not count aborted requests', async () => {
    const abort = new AbortController();
    let counted = 0;
    await runRequests({
      count: 1_000,
      concurrency: 4,
      signal: abort.signal,
      send: () => Promise.resolve(response(200)),
      onResponse: (_, done) => {
        counted = done;
        if (done === 10) abort.abort();
      },
    });
    expect(counted).toBe(10);
  });
});

describe('summarise', () => {
  it('counts the responses by status and code, and names the number of calls', () => {
    const tally = new ResponseTally();
    for (const one of [response(200), response(429, 'COINFLOW_TOO_MANY_REQUESTS'), response(200)]) tally.add(one);
    expect(tally.groups).toMatchObject([
      { status: 200, count: 2 },
      { status: 429, code: 'COINFLOW_TOO_MANY_REQUESTS', count: 1 },
    ]);
    expect(summarise(tally.groups, 1)).toBe('3 requests, 2 successful. 1 Coinflow call.');
    expect(summarise(tally.groups, undefined)).toContain('unknown');
  });

  it('names the status of a single response', () => {
    const tally = new ResponseTally();
    tally.add(response(401));
    expect(summarise(tally.groups, 0)).toBe('1 request, status 401. 0 Coinflow calls.');
  });
});

describe('meaningOf', () => {
  it('returns the text of the error catalogue for a known code', () => {
    expect(meaningOf(401, 'COINFLOW_SESSION_KEY_EXPIRED')).toBe(
      COINFLOW_AUTH_ERRORS.COINFLOW_SESSION_KEY_EXPIRED.when.replaceAll('`', ''),
    );
  });

  it.each([
    [200, undefined, 'Success.'],
    [0, undefined, 'No response.'],
    [401, 'SOMETHING_ELSE', 'The merchant’s own login rejected the request.'],
    [429, undefined, 'Too many logins from this network.'],
    [500, undefined, 'The sample failed.'],
    [404, undefined, 'The request is invalid.'],
  ])('explains the status %d with the code %s', (status, code, meaning) => {
    expect(meaningOf(status, code)).toBe(meaning);
  });
});
