import { Logger } from '@nestjs/common';
import { isRefusedByBudget } from '../budget/budget-statistics.js';
import { statusOf } from '../errors/client-answer.js';
import {
  CoinflowApiError,
  CoinflowInvalidArgumentError,
  CoinflowMisconfiguredError,
  CoinflowOutcomeUnknownError,
  isCoinflowAuthError,
  isTemporary,
  type CoinflowAuthError,
} from '../errors/coinflow-auth.errors.js';
import { OnceLogger } from '../util/once-logger.js';

/** Whether the log already has the cause: the breaker and the budget log once when they stop calls. */
const isLoggedElsewhere = (error: CoinflowAuthError): boolean =>
  error.reason === 'breaker-open' || isRefusedByBudget(error);

/** Logs the errors of calls that the operator should know. */
export class ErrorLog {
  readonly #logger = new Logger('CoinflowAuth');
  /** Concurrent requests can share one error, which is logged once. */
  readonly #logged = new WeakSet<CoinflowAuthError>();
  /** Logs each reason of a misconfiguration once, and each kind of a wrong call. */
  readonly #mistakes = new OnceLogger();

  /** Logs an error and returns it, so that the caller can throw it. */
  report(error: unknown): unknown {
    if (!isCoinflowAuthError(error) || this.#logged.has(error)) return error;
    this.#logged.add(error);
    const line = `${error.message}${causeOf(error)} [${error.code}: ${error.reason}]`;
    if (error instanceof CoinflowMisconfiguredError) {
      this.#mistakes.error(`${line} ${error.action}`, { topic: error.reason });
    } else if (error instanceof CoinflowApiError && statusOf(error) === 500) {
      this.#mistakes.error(`${line} ${error.action}`, { topic: `${error.reason} ${error.status} ${error.operation}` });
    } else if (error instanceof CoinflowOutcomeUnknownError) {
      this.#logger.error(`${line} ${error.action}`);
    } else if (isTemporary(error) && !isLoggedElsewhere(error)) {
      this.#logger.warn(line);
    } else {
      this.#logger.debug(line);
    }
    return error;
  }
}

/** The response of Coinflow, which the message of an invalid argument does not contain: clients get that message. */
function causeOf(error: CoinflowAuthError): string {
  return error instanceof CoinflowInvalidArgumentError && error.cause instanceof Error
    ? `: ${error.cause.message}`
    : '';
}
