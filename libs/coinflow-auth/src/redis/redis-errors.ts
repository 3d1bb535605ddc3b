import { isCoinflowAuthError } from '../errors/coinflow-auth.errors.js';
import { withTimeout } from '../util/promises.js';

/** Coinflow waits five seconds for the response to a webhook, and a delivery sends more than one command. */
export const COMMAND_TIMEOUT_MS = 1_000;

/** Redis is down or does not respond, or the connection broke during a command. */
export class RedisUnreachableError extends Error {
  constructor(cause?: unknown) {
    super('Redis is unreachable', { cause });
    this.name = 'RedisUnreachableError';
  }
}

/** Redis did not respond in time. */
export class RedisTimeoutError extends RedisUnreachableError {
  constructor() {
    super(new Error(`No response within ${COMMAND_TIMEOUT_MS} ms`));
  }
}

/** The first word of an error reply of Redis, such as `NOPERM`; `undefined` for any other error. */
export function replyCode(error: unknown): string | undefined {
  return error instanceof Error ? /^([A-Z][A-Z0-9_]+)(?: |$)/.exec(error.message)?.[1] : undefined;
}

/** Whether the Redis user lacks the permission for a command. Redis words the error differently within a script. */
export function isDenied(error: unknown): boolean {
  return (
    replyCode(error) === 'NOPERM' || (error instanceof Error && /user executing the script can't/.test(error.message))
  );
}

/** The shortest description of an error; for a `RedisUnreachableError`, of its cause. */
export function causeOf(error: unknown): string {
  if (isCoinflowAuthError(error)) return error.message;
  const cause = error instanceof RedisUnreachableError && error.cause ? error.cause : error;
  const { code, message } = cause as { code?: unknown; message?: unknown };
  return String(code ?? message);
}

/** @throws {RedisTimeoutError} when the reply takes longer than the timeout of a command */
export function withCommandTimeout<T>(reply: Promise<T>): Promise<T> {
  return withTimeout(reply, COMMAND_TIMEOUT_MS, () => new RedisTimeoutError());
}
