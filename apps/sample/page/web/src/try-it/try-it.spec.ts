import { describe, expect, it } from '@jest/globals';
import type { Answer } from '../api/answer.js';
import { meaningOf } from './meaning.js';
import { AnswerTally, runRequests } from './run.js';
import { summarise } from './summary.js';

function answer(status: number, code?: string): Answer {
  return { status, code, body: undefined, message: undefined, retryAfterSeconds: undefined, durationMs: 1 };
}

describe('many requests', () => {
  it('are sent some at a time, each once', async () => {
    let [underWay, most, sent] = [0, 0, 0];
    const done: number[] = [];
    await runRequests({
      count: 20,
      concurrency: 4,
      signal: new AbortController().signal,
      send: async () => {
        sent += 1;
        underWay += 1;
        most = Math.max(most, underWay);
        await Promise.resolve();
        underWay -= 1;
        return answer(200);
      },
      onAnswer: (_, count) => done.push(count),
    });
    expect([sent, most]).toEqual([20, 4]);
    expect(done).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
  });

  it('end when they are stopped, and what was cut off counts for nothing', async () => {
    const stopping = new AbortController();
    let answered = 0;
    await runRequests({
      count: 1_000,
      concurrency: 4,
      signal: stopping.signal,
      send: () => Promise.resolve(answer(200)),
      onAnswer: (_, done) => {
        answered = done;
        if (done === 10) stopping.abort();
      },
    });
    expect(answered).toBe(10);
  });

  it('are counted by status and code, and summarised in a sentence', () => {
    const tally = new AnswerTally();
    for (const one of [answer(200), answer(429, 'COINFLOW_TOO_MANY_REQUESTS'), answer(200)]) tally.add(one);
    expect(tally.groups).toMatchObject([
      { status: 200, count: 2 },
      { status: 429, code: 'COINFLOW_TOO_MANY_REQUESTS', count: 1 },
    ]);
    expect(summarise(tally.groups, 1)).toBe('3 requests, 2 let in. Coinflow was asked once.');
    expect(summarise(tally.groups, undefined)).toContain('cannot be read');
  });

  it('one is summarised by its status', () => {
    const tally = new AnswerTally();
    tally.add(answer(401));
    expect(summarise(tally.groups, 0)).toBe('1 request, answered 401. Coinflow was not asked.');
  });
});

describe('what an answer means', () => {
  it('is what the catalogue of errors says of its code', () => {
    expect(meaningOf(401, 'COINFLOW_SESSION_KEY_EXPIRED')).toBe(
      'The session key’s own exp has passed. Coinflow was not asked.',
    );
  });

  it.each([
    [200, undefined, 'Let in.'],
    [0, undefined, 'No answer came.'],
    [401, 'SOMETHING_ELSE', 'The merchant’s own login says no.'],
    [429, undefined, 'Too many logins from this network.'],
    [500, undefined, 'The sample has failed.'],
    [404, undefined, 'The request was not understood.'],
  ])('of %d %s', (status, code, meaning) => {
    expect(meaningOf(status, code)).toBe(meaning);
  });
});
