import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import type { EmulatorClock } from './clock.js';

/** An error response as Coinflow sends it: a status and a JSON object. The name of the text field varies. */
export class HttpError extends Error {
  constructor(
    readonly status: number,
    readonly body: Readonly<Record<string, string | boolean>>,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(String(Object.values(body)[0]));
  }
}

export function missingHeader(name: string): HttpError {
  return new HttpError(401, { details: `Header ${name} is required` });
}

export function httpError(status: number, message: string, headers?: Record<string, string>): HttpError {
  return new HttpError(status, { message, debugId: randomUUID() }, headers);
}

/** Sends each `HttpError` that a hook or a route throws. */
export function handleHttpErrors(server: FastifyInstance): void {
  server.setErrorHandler((error, _request, reply) => {
    if (!(error instanceof HttpError)) throw error;
    return reply.status(error.status).headers(error.headers).send(error.body);
  });
}

export const RETRY_AFTER_FORMS = ['seconds', 'date', 'none'] as const;

/**
 * The form of `Retry-After` in a 429: seconds, an HTTP date, or no header. Coinflow does not document the form, so a
 * client must handle each.
 */
export type EmulatorRetryAfter = (typeof RETRY_AFTER_FORMS)[number];

/** The response to a request above the rate limit. */
export function rateLimited(form: EmulatorRetryAfter, waitMs: number, clock: EmulatorClock): HttpError {
  return httpError(429, 'Too many requests', retryAfterHeaders(form, waitMs, clock));
}

function retryAfterHeaders(form: EmulatorRetryAfter, waitMs: number, clock: EmulatorClock): Record<string, string> {
  switch (form) {
    case 'seconds':
      return { 'retry-after': String(Math.ceil(waitMs / 1_000)) };
    case 'date':
      return { 'retry-after': clock.httpDate(waitMs) };
    case 'none':
      return {};
  }
}
