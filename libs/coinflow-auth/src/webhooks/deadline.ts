/** The time by which a webhook must be answered, on the monotonic clock (`performance.now()`). */
export type Deadline = number;

/** Coinflow waits five seconds for the response; the last second is for the network. */
export const RESPONSE_TIMEOUT_MS = 4_000;

/** The deadline of a webhook that arrives now. */
export function newDeadline(): Deadline {
  return performance.now() + RESPONSE_TIMEOUT_MS;
}

/** An operation did not finish before its deadline. */
export class DeadlineExceededError extends Error {
  constructor() {
    super('No result before the deadline');
    this.name = 'DeadlineExceededError';
  }
}

/**
 * Runs an operation, which may throw synchronously or return a plain value. Its timer keeps the process alive, so that the
 * rest of a shutdown runs after the deadline.
 * @throws {DeadlineExceededError} when the operation has no result at the deadline
 */
export async function withDeadline<T>(deadline: Deadline, operation: () => T | PromiseLike<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new DeadlineExceededError()), Math.max(deadline - performance.now(), 0));
  });
  try {
    return await Promise.race([Promise.resolve().then(operation), timeout]);
  } finally {
    clearTimeout(timer);
  }
}
