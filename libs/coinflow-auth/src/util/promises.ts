import { setImmediate } from 'node:timers';

/** A promise did not settle within its time limit. */
export class TimeoutError extends Error {
  constructor(message = 'No result in time') {
    super(message);
    this.name = 'TimeoutError';
  }
}

/**
 * Waits for a promise for a limited time. The operation is not cancelled: if it ends later, its result and its error are
 * ignored. The timer does not keep the process alive.
 * @param timeoutMs 0 or less: only a promise that has settled already is in time
 * @param newError creates the error of a timeout
 * @throws `TimeoutError` when the promise does not settle in time
 */
export function withTimeout<T>(
  promise: Promise<T>,
  timeoutMs: number,
  newError: () => Error = () => new TimeoutError(),
): Promise<T> {
  return race(promise, timeoutMs, { newError, keepsProcessAlive: false });
}

/**
 * As {@link withTimeout}, for callers that go on after a timeout.
 * @returns the value; `undefined` after the timeout
 * @example
 * const result = await withTimeoutOrUndefined(store.get(key), 50);
 * if (result) use(result.value);
 */
export async function withTimeoutOrUndefined<T>(
  promise: Promise<T>,
  timeoutMs: number,
): Promise<{ readonly value: T } | undefined> {
  try {
    return { value: await withTimeout(promise, timeoutMs) };
  } catch (error) {
    if (error instanceof TimeoutError) return undefined;
    throw error;
  }
}

/** A point in time in milliseconds, on the monotonic clock (`performance.now()`). */
export type Deadline = number;

/**
 * Runs an operation, which may throw synchronously or return a plain value, and waits for it until a deadline. The timer
 * keeps the process alive, so that the rest of a shutdown runs after the deadline.
 * @throws `TimeoutError` when the operation has no result at the deadline
 */
export function withDeadline<T>(operation: () => T | PromiseLike<T>, deadline: Deadline): Promise<T> {
  const result = Promise.resolve().then(operation);
  return race(result, deadline - performance.now(), { newError: () => new TimeoutError(), keepsProcessAlive: true });
}

async function race<T>(
  promise: Promise<T>,
  timeoutMs: number,
  { newError, keepsProcessAlive }: { newError: () => Error; keepsProcessAlive: boolean },
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    // After a blocked event loop, timers run first. What has arrived meanwhile is read before the timeout counts.
    timer = setTimeout(() => setImmediate(() => reject(newError())), Math.max(timeoutMs, 0));
    if (!keepsProcessAlive) timer.unref();
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Whether a function of the application that must be synchronous has returned a promise. Its rejection is then handled
 * here, because an unhandled rejection would end the process.
 */
export function isUnexpectedPromise(value: unknown): boolean {
  if (value === undefined || typeof (Object(value) as { then?: unknown }).then !== 'function') return false;
  Promise.resolve(value).catch(() => undefined);
  return true;
}
