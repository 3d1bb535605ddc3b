import {
  BadRequestException,
  ForbiddenException,
  HttpException,
  InternalServerErrorException,
  ServiceUnavailableException,
  UnauthorizedException,
  UnsupportedMediaTypeException,
  type HttpExceptionOptions,
} from '@nestjs/common';
import { COINFLOW_AUTH_ERRORS } from '../errors/error-catalogue.js';
import type { AnyCoinflowAuthError, CoinflowAuthError } from '../errors/coinflow-auth.errors.js';
import type { AuthenticationScheme } from '../extraction/session-key-extractor.js';

/** Nest has none of its own. */
class TooManyRequestsException extends HttpException {
  constructor(body: object, options: HttpExceptionOptions) {
    super(body, 429, options);
  }
}

const EXCEPTIONS = {
  400: BadRequestException,
  401: UnauthorizedException,
  403: ForbiddenException,
  415: UnsupportedMediaTypeException,
  429: TooManyRequestsException,
  500: InternalServerErrorException,
  503: ServiceUnavailableException,
} as const;

const TITLES: Record<keyof typeof EXCEPTIONS, string> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  415: 'Unsupported Media Type',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

/** As much of a response as is used: what Express and Fastify agree on. */
export interface ResponseWithHeaders {
  getHeader(name: string): number | string | string[] | undefined;
  header(name: string, value: string): unknown;
}

/**
 * The HTTP answer that an error of this package becomes: Nest's usual body plus `code`, with the error as its `cause`.
 * For your own catch-all filter; without one you need nothing.
 *
 * The client learns the code and a plain sentence. The reason in detail stays in the error, for the log.
 */
export function toHttpException(error: CoinflowAuthError): HttpException {
  const { status } = COINFLOW_AUTH_ERRORS[error.code];
  const Exception = EXCEPTIONS[status];
  return new Exception(
    { statusCode: status, message: clientMessage(error), error: TITLES[status], code: error.code },
    { cause: error },
  );
}

/** The sentence that a client gets, whatever the transport. */
export function clientMessage(error: CoinflowAuthError): string {
  // What is wrong with an argument is for whoever gave it.
  return error.code === 'COINFLOW_INVALID_ARGUMENT' ? error.message : COINFLOW_AUTH_ERRORS[error.code].message;
}

/** 401s in which no session key was looked at. */
const KEYLESS = new Set<string>(['COINFLOW_SESSION_KEY_MISSING', 'COINFLOW_SIGNATURE_REJECTED']);

/** 401s that are about a webhook's proof, and no session key. */
const WEBHOOK_REFUSALS = new Set<string>(['COINFLOW_WEBHOOK_SIGNATURE_INVALID', 'COINFLOW_WEBHOOK_SIGNATURE_TOO_OLD']);

/** The headers that go with the error: how to authenticate (401), when to try again (429, 503). */
export function writeErrorHeaders(
  response: ResponseWithHeaders,
  error: CoinflowAuthError,
  schemes: readonly AuthenticationScheme[] = ['CoinflowSession'],
): void {
  const known = error as AnyCoinflowAuthError;
  if (WEBHOOK_REFUSALS.has(error.code)) {
    response.header('WWW-Authenticate', 'CoinflowSignature realm="Coinflow"');
  } else if (COINFLOW_AUTH_ERRORS[error.code].status === 401) {
    // RFC 6750: without a session key there is nothing wrong with it, so no `error`.
    const problem = KEYLESS.has(error.code) ? '' : ', error="invalid_token"';
    response.header('WWW-Authenticate', schemes.map((scheme) => `${scheme} realm="Coinflow"${problem}`).join(', '));
  }
  if ('retryAfterMs' in known) response.header('Retry-After', String(Math.ceil(known.retryAfterMs / 1_000)));
}
