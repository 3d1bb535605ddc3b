import { Logger } from '@nestjs/common';
import type { CoinflowMisconfiguredError } from '../errors/coinflow-auth.errors.js';
import { OnceLogger } from '../util/once-logger.js';
import { safeText } from '../util/secrets.js';
import { causeOf } from './redis-errors.js';

const MAX_DENIALS = 20;

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
