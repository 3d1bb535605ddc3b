import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { NoAnswerError, answerBy, newDeadline } from './deadline.js';

describe('an answer by a deadline', () => {
  beforeEach(() => void jest.useFakeTimers());

  afterEach(() => {
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });

  it('is what the question is answered, with a promise or without one', async () => {
    expect(await answerBy(newDeadline(), () => 1)).toBe(1);
    expect(await answerBy(newDeadline(), () => Promise.resolve(2))).toBe(2);
  });

  it('is the error that the question fails with, at once or later', async () => {
    const failure = new Error('failed');
    await expect(answerBy(newDeadline(), () => Promise.reject(failure))).rejects.toBe(failure);
    const fail = (): never => {
      throw failure;
    };
    await expect(answerBy(newDeadline(), fail)).rejects.toBe(failure);
  });

  it('is missed by a question without an answer after four seconds, and not before', async () => {
    const settled = jest.fn();
    const answer = answerBy(newDeadline(), () => new Promise<never>(() => undefined)).catch(settled);
    await jest.advanceTimersByTimeAsync(3_999);
    expect(settled).not.toHaveBeenCalled();
    await jest.advanceTimersByTimeAsync(1);
    await answer;
    expect(settled).toHaveBeenCalledWith(expect.any(NoAnswerError));
  });

  it('is still waited for at a deadline that has passed, if it is there at once', async () => {
    expect(await answerBy(performance.now() - 1, () => Promise.resolve('at once'))).toBe('at once');
  });
});
