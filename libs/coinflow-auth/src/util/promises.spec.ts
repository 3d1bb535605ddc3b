import { stat } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { TimeoutError, isUnexpectedPromise, withDeadline, withTimeout, withTimeoutOrUndefined } from './promises.js';

const never = new Promise<never>(() => undefined);

describe('withTimeout', () => {
  beforeEach(() => void jest.useFakeTimers());

  afterEach(() => {
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });

  it('passes on the value of a promise that resolves within the timeout', async () => {
    expect(await withTimeout(Promise.resolve(1), 1_000)).toBe(1);
  });

  it('passes on the error of a promise that rejects within the timeout', async () => {
    const failure = new Error('failed');
    await expect(withTimeout(Promise.reject(failure), 1_000)).rejects.toBe(failure);
  });

  it('throws a TimeoutError when a promise has not settled at the timeout, and not before', async () => {
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

  it('passes on the value of a settled promise when no time is left', async () => {
    expect(await withTimeout(Promise.resolve('settled'), -1)).toBe('settled');
  });
});

describe('withTimeout after a blocked event loop', () => {
  it('passes on a result that arrived in time and could not be read before', async () => {
    const result = withTimeout(stat('.'), 10);
    const end = performance.now() + 100;
    while (performance.now() < end);
    expect((await result).isDirectory()).toBe(true);
  });
});

describe('withTimeoutOrUndefined', () => {
  it('wraps the value of a promise that resolves within the timeout, and throws the error of one that rejects', async () => {
    expect(await withTimeoutOrUndefined(Promise.resolve(undefined), 1_000)).toEqual({ value: undefined });
    await expect(withTimeoutOrUndefined(Promise.reject(new Error('failed')), 1_000)).rejects.toThrow('failed');
  });

  it('resolves to undefined when a promise has not settled at the timeout', async () => {
    expect(await withTimeoutOrUndefined(never, 1)).toBeUndefined();
  });
});

describe('withDeadline', () => {
  const inASecond = (): number => performance.now() + 1_000;

  beforeEach(() => void jest.useFakeTimers());

  afterEach(() => {
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });

  it('passes on the result of an operation, whether it is a promise or not', async () => {
    expect(await withDeadline(() => 1, inASecond())).toBe(1);
    expect(await withDeadline(() => Promise.resolve(2), inASecond())).toBe(2);
  });

  it('rejects with the error of an operation that throws or rejects', async () => {
    const failure = new Error('failed');
    await expect(withDeadline(() => Promise.reject(failure), inASecond())).rejects.toBe(failure);
    const fail = (): never => {
      throw failure;
    };
    await expect(withDeadline(fail, inASecond())).rejects.toBe(failure);
  });

  it('rejects at the deadline of an operation that has no result, and not before', async () => {
    const settled = jest.fn();
    const result = withDeadline(() => never, inASecond()).catch(settled);
    await jest.advanceTimersByTimeAsync(999);
    expect(settled).not.toHaveBeenCalled();
    await jest.advanceTimersByTimeAsync(1);
    await result;
    expect(settled).toHaveBeenCalledWith(expect.any(TimeoutError));
  });

  it('passes on the immediate result of an operation after its deadline has passed', async () => {
    expect(await withDeadline(() => Promise.resolve('immediate'), performance.now() - 1)).toBe('immediate');
  });
});

describe('the timer of a time limit', () => {
  it.each<[string, boolean, () => Promise<unknown>]>([
    ['keeps the process alive while withDeadline waits', true, () => withDeadline(() => 1, performance.now() + 1_000)],
    ['lets the process end while withTimeout waits', false, () => withTimeout(Promise.resolve(1), 1_000)],
  ])('%s', async (_, keepsAlive, wait) => {
    const setTimer = jest.spyOn(globalThis, 'setTimeout');
    const result = wait();
    expect(setTimer.mock.results.map(({ value }) => (value as NodeJS.Timeout).hasRef())).toEqual([keepsAlive]);
    setTimer.mockRestore();
    await result;
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
