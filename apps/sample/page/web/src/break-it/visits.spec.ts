import { describe, expect, it } from '@jest/globals';
import type { Answer } from '../api/answer.js';
import { NO_VISITS, usualMs, withVisit } from './visits.js';

function answer(status: number, durationMs = 1, code?: string): Answer {
  return { status, code, durationMs, body: undefined, message: undefined, retryAfterSeconds: undefined };
}

describe('visits', () => {
  it('count what became of them, and keep the last trouble', () => {
    const visits = [answer(200, 10), answer(503, 30, 'COINFLOW_UNAVAILABLE'), answer(200, 20)].reduce(
      withVisit,
      NO_VISITS,
    );
    expect(visits).toMatchObject({
      count: 3,
      letIn: 2,
      fates: ['let-in', 'undecided', 'let-in'],
      trouble: { status: 503, code: 'COINFLOW_UNAVAILABLE' },
      byStatus: { 200: 2, 503: 1 },
    });
    expect(usualMs(visits)).toBe(20);
    expect(usualMs(NO_VISITS)).toBeUndefined();
  });

  it('keep only so many for the strip', () => {
    const visits = Array.from({ length: 100 }, () => answer(200)).reduce(withVisit, NO_VISITS);
    expect(visits.count).toBe(100);
    expect(visits.fates).toHaveLength(60);
  });
});
