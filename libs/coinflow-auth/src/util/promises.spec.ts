import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { TimeoutError, inTime, isUnexpectedPromise, withTimeout } from './promises.js';

const never = new Promise<never>(() => undefined);

describe('withTimeout', () => {
  beforeEach(() => void jest.useFakeTimers());

  afterEach(() => {
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });

  it('returns the value of a promise that resolves in time', async () => {
    expect(await withTimeout(Promise.resolve(1), 1_000)).toBe(1);
  });

  it('throws the error of a promise that rejects in time', async () => {
    const failure = new Error('failed');
    await expect(withTimeout(Promise.reject(failure), 1_000)).rejects.toBe(failure);
  });

  it('throws a TimeoutError once the time is over, and not before', async () => {
    const settled = jest.fn();
    const result = withTimeout(never, 1_000).catch(settled);
    await jest.advanceTimersByTimeAsync(999);
    expect(settled).not.toHaveBeenCalled();
    await jest.advanceTimersByTimeAsync(1);
    await result;
    expect(settled).toHaveBeenCalledWith(expect.any(TimeoutError));
  });

  it('throws the error that the caller creates for a timeout', async () => {
    const error = new Error('Redis gave no answer');
    const result = expect(withTimeout(never, 1_000, () => error)).rejects.toBe(error);
    await jest.advanceTimersByTimeAsync(1_000);
    await result;
  });

  it('returns the value of a settled promise when no time is left', async () => {
    expect(await withTimeout(Promise.resolve('settled'), -1)).toBe('settled');
  });
});

describe('inTime', () => {
  it('returns the value of a promise that resolves in time, and throws the error of one that rejects', async () => {
    expect(await inTime(Promise.resolve(undefined), 1_000)).toEqual({ value: undefined });
    await expect(inTime(Promise.reject(new Error('failed')), 1_000)).rejects.toThrow('failed');
  });

  it('returns undefined after the timeout', async () => {
    expect(await inTime(never, 1)).toBeUndefined();
  });
});

describe('isUnexpectedPromise', () => {
  it('recognizes promises and other thenables, and handles their rejection', () => {
    expect(isUnexpectedPromise(Promise.reject(new Error('unhandled')))).toBe(true);
    expect(isUnexpectedPromise({ then: () => undefined })).toBe(true);
  });

  it.each([undefined, null, 'client', 5, {}, { then: true }])('does not take %j for a promise', (value) => {
    expect(isUnexpectedPromise(value)).toBe(false);
  });
});
