import { isCoinflowAuthError } from '../errors/coinflow-auth.errors.js';

/** Coinflow waits for five seconds in all for a webhook, and a delivery asks more than once. */
export const COMMAND_TIMEOUT_MS = 1_000;

/** Redis is down or does not answer, or the connection broke during a command. */
export class RedisUnreachableError extends Error {
  constructor(cause?: unknown) {
    super('Redis cannot be reached', { cause });
    this.name = 'RedisUnreachableError';
  }
}

/** There was no answer in time. */
export class RedisTimeoutError extends RedisUnreachableError {
  constructor() {
    super(new Error(`No answer within ${COMMAND_TIMEOUT_MS} ms`));
  }
}

/** The word that an error of Redis begins with, such as `NOPERM`; `undefined` where it is not an answer of Redis. */
export function replyCode(error: unknown): string | undefined {
  return error instanceof Error ? /^([A-Z][A-Z0-9_]+)(?: |$)/.exec(error.message)?.[1] : undefined;
}

/** Whether the user of the connection may not run a command. Within a script Redis words it otherwise. */
export function isDenied(error: unknown): boolean {
  return (
    replyCode(error) === 'NOPERM' || (error instanceof Error && /user executing the script can't/.test(error.message))
  );
}

/** What went wrong, in the fewest words: of a `RedisUnreachableError` its cause. */
export function causeOf(error: unknown): string {
  if (isCoinflowAuthError(error)) return error.message;
  const cause = error instanceof RedisUnreachableError && error.cause ? error.cause : error;
  const { code, message } = cause as { code?: unknown; message?: unknown };
  return String(code ?? message);
}

/** @throws {RedisTimeoutError} once a command has had its time */
export async function inTime<T>(answer: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new RedisTimeoutError()), COMMAND_TIMEOUT_MS);
  });
  try {
    return await Promise.race([answer, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
