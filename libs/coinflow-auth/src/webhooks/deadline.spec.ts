import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { DeadlineExceededError, newDeadline, withDeadline } from './deadline.js';

describe('withDeadline', () => {
  beforeEach(() => void jest.useFakeTimers());

  afterEach(() => {
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });

  it('returns the result of an operation, whether it is a promise or not', async () => {
    expect(await withDeadline(newDeadline(), () => 1)).toBe(1);
    expect(await withDeadline(newDeadline(), () => Promise.resolve(2))).toBe(2);
  });

  it('rejects with the error of an operation that throws or rejects', async () => {
    const failure = new Error('failed');
    await expect(withDeadline(newDeadline(), () => Promise.reject(failure))).rejects.toBe(failure);
    const fail = (): never => {
      throw failure;
    };
    await expect(withDeadline(newDeadline(), fail)).rejects.toBe(failure);
  });

  it('rejects after four seconds when the operation has no result, and not before', async () => {
    const settled = jest.fn();
    const result = withDeadline(newDeadline(), () => new Promise<never>(() => undefined)).catch(settled);
    await jest.advanceTimersByTimeAsync(3_999);
    expect(settled).not.toHaveBeenCalled();
    await jest.advanceTimersByTimeAsync(1);
    await result;
    expect(settled).toHaveBeenCalledWith(expect.any(DeadlineExceededError));
  });

  it('returns an immediate result after the deadline has passed', async () => {
    expect(await withDeadline(performance.now() - 1, () => Promise.resolve('immediate'))).toBe('immediate');
  });
});
