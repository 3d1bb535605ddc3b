/** Until when the answer to a webhook must be known, by the monotonic clock: Coinflow waits for five seconds. */
export type Deadline = number;

/** Coinflow waits for five seconds; the answer must still reach it. */
export const WAIT_MS = 4_000;

/** That of a webhook that arrives now. */
export function newDeadline(): Deadline {
  return performance.now() + WAIT_MS;
}

/** Something gave no answer in time. */
export class NoAnswerError extends Error {
  constructor() {
    super('It gave no answer in time');
    this.name = 'NoAnswerError';
  }
}

/**
 * What a question is answered, also one that throws at once or answers without a promise.
 * @throws {NoAnswerError} when there is no answer at the deadline
 */
export async function answerBy<T>(deadline: Deadline, question: () => T | PromiseLike<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new NoAnswerError()), Math.max(deadline - performance.now(), 0));
  });
  try {
    return await Promise.race([Promise.resolve().then(question), tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
