import { Logger } from '@nestjs/common';
import type { CoinflowMisconfiguredError } from '../errors/coinflow-auth.errors.js';
import { safeText } from '../util/safe-text.js';
import { causeOf } from './redis-errors.js';

const MAX_DENIALS = 20;

/** What is wrong with one Redis: one log line, however many connections there are to it. */
export class RedisLog {
  static readonly #logs = new Map<unknown, RedisLog>();

  readonly #logger = new Logger('CoinflowAuth');
  readonly #redis: unknown;
  readonly #connections = new Set<object>();
  readonly #lost = new Set<object>();
  readonly #denials = new Set<string>();
  readonly #mistakes = new Set<string>();

  private constructor(redis: unknown) {
    this.#redis = redis;
  }

  /** @param redis what tells it from others: where it is, or a client */
  static of(redis: unknown, connection: object): RedisLog {
    const log = RedisLog.#logs.get(redis) ?? new RedisLog(redis);
    RedisLog.#logs.set(redis, log);
    log.#connections.add(connection);
    return log;
  }

  /** Once, until all connections are back: what fails for them does not know why (a password, say). */
  lost(connection: object, error: unknown): void {
    if (this.#lost.size === 0) this.#logger.warn(`Redis cannot be reached: ${textOf(error)}. [redis-unreachable]`);
    this.#lost.add(connection);
  }

  back(connection: object): void {
    this.#lost.delete(connection);
  }

  /** Once for each command. */
  denied(error: unknown): void {
    const text = textOf(error);
    if (this.#denials.has(text) || this.#denials.size === MAX_DENIALS) return;
    this.#denials.add(text);
    this.#logger.warn(
      `Redis denies a command: ${text}. Grant its user the commands that are documented. [redis-denied]`,
    );
  }

  /** Once for each reason. */
  misconfigured({ message, action, code, reason }: CoinflowMisconfiguredError): void {
    if (!this.#mistakes.has(reason)) this.#logger.error(`${message} [${code}: ${reason}] ${action}`);
    this.#mistakes.add(reason);
  }

  closed(connection: object): void {
    this.#lost.delete(connection);
    this.#connections.delete(connection);
    if (this.#connections.size === 0) RedisLog.#logs.delete(this.#redis);
  }
}

function textOf(error: unknown): string {
  return safeText(causeOf(error), []).replace(/[.\s]+$/, '');
}
