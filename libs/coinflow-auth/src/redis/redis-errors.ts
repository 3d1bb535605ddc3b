import { Logger } from '@nestjs/common';
import { isCoinflowAuthError, type CoinflowMisconfiguredError } from '../errors/coinflow-auth.errors.js';
import { OnceLogger } from '../util/once-logger.js';
import { withTimeout } from '../util/promises.js';
import { safeText } from '../util/secrets.js';

/** Coinflow waits five seconds for the response to a webhook, and a delivery sends more than one command. */
export const COMMAND_TIMEOUT_MS = 1_000;
const MAX_DENIALS = 20;

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

/** @throws `RedisTimeoutError` when the reply takes longer than the timeout of a command */
export function withCommandTimeout<T>(reply: Promise<T>): Promise<T> {
  return withTimeout(reply, COMMAND_TIMEOUT_MS, () => new RedisTimeoutError());
}

/** Logs the problems of one Redis once, however many connections to it there are. */
export class RedisLog {
  static readonly #logs = new Map<unknown, RedisLog>();

  readonly #logger = new Logger('CoinflowAuth');
  readonly #redis: unknown;
  readonly #connections = new Set<object>();
  readonly #lost = new Set<object>();
  readonly #deniedCommands = new OnceLogger(MAX_DENIALS);
  readonly #misconfigurations = new OnceLogger();

  private constructor(redis: unknown) {
    this.#redis = redis;
  }

  /** @param redis identifies the Redis: its host and port, or the client */
  static of(redis: unknown, connection: object): RedisLog {
    const log = RedisLog.#logs.get(redis) ?? new RedisLog(redis);
    RedisLog.#logs.set(redis, log);
    log.#connections.add(connection);
    return log;
  }

  /** Logged once until all connections work again: the first error has the cause, such as a wrong password. */
  connectionLost(connection: object, error: unknown): void {
    if (this.#lost.size === 0) {
      this.#logger.warn(`Redis is unreachable: ${describe(error)}. [redis-unreachable]`);
    }
    this.#lost.add(connection);
  }

  connectionRestored(connection: object): void {
    this.#lost.delete(connection);
  }

  /** Logged once for each command. */
  commandDenied(error: unknown): void {
    this.#deniedCommands.warn(
      `Redis denied a command: ${describe(error)}. Grant the Redis user the commands that the documentation lists. [redis-denied]`,
    );
  }

  /** Logged once for each reason. */
  misconfigured({ message, action, code, reason }: CoinflowMisconfiguredError): void {
    this.#misconfigurations.error(`${message} [${code}: ${reason}] ${action}`, { topic: reason });
  }

  connectionClosed(connection: object): void {
    this.#lost.delete(connection);
    this.#connections.delete(connection);
    if (this.#connections.size === 0) RedisLog.#logs.delete(this.#redis);
  }
}

function describe(error: unknown): string {
  return safeText(causeOf(error), []).replace(/[.\s]+$/, '');
}
