import { STATUS_CODES } from 'node:http';
import {
  BadGatewayException,
  BadRequestException,
  ForbiddenException,
  HttpException,
  InternalServerErrorException,
  ServiceUnavailableException,
  UnauthorizedException,
  UnsupportedMediaTypeException,
  type HttpExceptionOptions,
} from '@nestjs/common';
import { clientAnswer, statusOf } from '../errors/client-answer.js';
import { CoinflowMisconfiguredError, isTemporary, type CoinflowAuthError } from '../errors/coinflow-auth.errors.js';
import type { AuthenticationScheme } from '../extraction/session-key-extractor.js';
import type { ResponseWithHeaders } from '../options/context-contracts.js';
import { OnceLogger } from '../util/once-logger.js';

/** Nest has no exception for 429. */
class TooManyRequestsException extends HttpException {
  constructor(body: object, options: HttpExceptionOptions) {
    super(body, 429, options);
  }
}

type ExceptionClass = new (body: object, options: HttpExceptionOptions) => HttpException;

/** By status. `errors/` decides the status of each error. */
const EXCEPTIONS: Readonly<Partial<Record<number, ExceptionClass>>> = {
  400: BadRequestException,
  401: UnauthorizedException,
  403: ForbiddenException,
  415: UnsupportedMediaTypeException,
  429: TooManyRequestsException,
  500: InternalServerErrorException,
  502: BadGatewayException,
  503: ServiceUnavailableException,
};

/**
 * Converts an error of this package to an `HttpException`: Nest's usual body plus `code`, with the error as the `cause`.
 * Use it in a catch-all filter of your own; without such a filter you do not need it.
 *
 * The client gets the code and a plain sentence. The detailed reason stays in the error, for the log.
 */
export function toHttpException(error: CoinflowAuthError): HttpException {
  const { status, message, details } = clientAnswer(error);
  const { code, reason } = details;
  const body = { statusCode: status, message, error: STATUS_CODES[status], code, ...(reason && { reason }) };
  const Exception = EXCEPTIONS[status];
  return Exception ? new Exception(body, { cause: error }) : new HttpException(body, status, { cause: error });
}

/** The error that clients of a microservice or a gateway get, with the same details as over HTTP. */
export function clientError(error: CoinflowAuthError): { status: 'error'; code: string; message: string } {
  const { message, details } = clientAnswer(error);
  const { code, reason } = details;
  return { status: 'error', code, message, ...(reason && { reason }) };
}

/** Codes with status 401 that say nothing about a session key. */
const CODES_WITHOUT_KEY = new Set<string>(['COINFLOW_SESSION_KEY_MISSING', 'COINFLOW_SIGNATURE_REJECTED']);

/** Codes with status 401 about the signature of a webhook. */
const WEBHOOK_CODES = new Set<string>(['COINFLOW_WEBHOOK_SIGNATURE_INVALID', 'COINFLOW_WEBHOOK_SIGNATURE_TOO_OLD']);

/** Writes the headers of an error: how to authenticate (401), and when to try again (429, 503). */
export function writeErrorHeaders(
  response: ResponseWithHeaders,
  error: CoinflowAuthError,
  schemes: readonly AuthenticationScheme[] = ['CoinflowSession'],
): void {
  if (WEBHOOK_CODES.has(error.code)) {
    response.header('WWW-Authenticate', 'CoinflowSignature realm="Coinflow"');
  } else if (statusOf(error) === 401) {
    // RFC 6750: `error` is omitted when the request carries no session key.
    const problem = CODES_WITHOUT_KEY.has(error.code) ? '' : ', error="invalid_token"';
    response.header('WWW-Authenticate', schemes.map((scheme) => `${scheme} realm="Coinflow"${problem}`).join(', '));
  }
  if (isTemporary(error)) response.header('Retry-After', String(Math.ceil(error.retryAfterMs / 1_000)));
}

const log = new OnceLogger();

/**
 * Creates the error for a guard or a decorator that the application uses wrongly. The client gets a 500 without details,
 * so the message and the action are logged, once for each message.
 */
export function misconfigured(
  message: string,
  details: { reason: string; action: string },
): CoinflowMisconfiguredError {
  const error = new CoinflowMisconfiguredError(message, details);
  log.error(`${message} [${error.code}: ${error.reason}] ${error.action}`, { topic: message });
  return error;
}
