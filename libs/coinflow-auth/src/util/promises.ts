/** A promise did not settle within its time limit. */
export class TimeoutError extends Error {
  constructor(message = 'No answer in time') {
    super(message);
    this.name = 'TimeoutError';
  }
}

/**
 * Waits for a promise for a limited time. The operation is not cancelled: if it ends later, its result and its error are
 * ignored. The timer does not keep the process alive.
 * @param timeoutMs 0 or less: only a promise that has settled already is in time
 * @param newError creates the error of a timeout
 * @throws {TimeoutError} when the promise does not settle in time
 */
export async function withTimeout<T>(
  promise: Promise<T>,
  timeoutMs: number,
  newError: () => Error = () => new TimeoutError(),
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(newError()), Math.max(timeoutMs, 0));
    timer.unref();
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * As {@link withTimeout}, for callers that go on after a timeout.
 * @returns the value; `undefined` after the timeout
 * @example
 * const result = await inTime(store.get(key), 50);
 * if (result) use(result.value);
 */
export async function inTime<T>(promise: Promise<T>, timeoutMs: number): Promise<{ readonly value: T } | undefined> {
  try {
    return { value: await withTimeout(promise, timeoutMs) };
  } catch (error) {
    if (error instanceof TimeoutError) return undefined;
    throw error;
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
