import { Logger } from '@nestjs/common';
import {
  CoinflowInvalidArgumentError,
  CoinflowMisconfiguredError,
  isCoinflowAuthError,
  type CoinflowAuthError,
} from '../errors/coinflow-auth.errors.js';
import { isRefusedByBudget } from '../budget/budget-statistics.js';

/** That the breaker opened, or the budget is spent, was logged when it happened: each request that meets it is not worth a line. */
const isLogged = (error: CoinflowAuthError): boolean => error.reason === 'breaker-open' || isRefusedByBudget(error);

/** Writes to the log what the operator should know of the errors of calls. */
export class ErrorLog {
  readonly #logger = new Logger('CoinflowAuth');
  /** Errors are shared by all who wait for one call; each is logged once, a misconfiguration once per reason. */
  readonly #logged = new WeakSet<CoinflowAuthError>();
  readonly #misconfigurations = new Set<string>();

  /** Logs an error, and gives it back to be thrown. */
  report(error: unknown): unknown {
    if (!isCoinflowAuthError(error) || this.#logged.has(error)) return error;
    this.#logged.add(error);
    const line = `${error.message}${causeOf(error)} [${error.code}: ${error.reason}]`;
    if (error instanceof CoinflowMisconfiguredError) {
      if (!this.#misconfigurations.has(error.reason)) this.#logger.error(`${line} ${error.action}`);
      this.#misconfigurations.add(error.reason);
    } else if ('retryAfterMs' in error && !isLogged(error)) {
      this.#logger.warn(line);
    } else {
      this.#logger.debug(line);
    }
    return error;
  }
}

/** The message of every other error holds what Coinflow said. */
function causeOf(error: CoinflowAuthError): string {
  return error instanceof CoinflowInvalidArgumentError && error.cause instanceof Error
    ? `: ${error.cause.message}`
    : '';
}
