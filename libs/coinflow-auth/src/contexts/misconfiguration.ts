import { Logger } from '@nestjs/common';
import { CoinflowMisconfiguredError } from '../errors/coinflow-auth.errors.js';

const logger = new Logger('CoinflowAuth');
/** As many as there are mistakes in the application's code, at most. */
const logged = new Set<string>();

/** A mistake in how the application uses guard or decorators: the client gets a bare 500, so the log must say it, once. */
export function misconfigured(
  message: string,
  details: { reason: string; action: string },
): CoinflowMisconfiguredError {
  const error = new CoinflowMisconfiguredError(message, details);
  if (!logged.has(message)) logger.error(`${message} [${error.code}: ${error.reason}] ${error.action}`);
  logged.add(message);
  return error;
}
