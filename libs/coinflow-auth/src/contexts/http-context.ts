import type { ExecutionContext } from '@nestjs/common';
import type { SessionKeyExtractor } from '../extraction/session-key-extractor.js';
import type {
  CoinflowContextAdapter,
  CoinflowContextRequest,
  ResponseWithHeaders,
} from '../options/context-contracts.js';
import { toHttpException } from './http-exception.js';

export const HTTP = 'http';

/** HTTP on Express and Fastify. */
export const httpContext: CoinflowContextAdapter = {
  find: httpRequest,
  toException: (error) => toHttpException(error),
};

/** The request and the response of an HTTP context. */
export function httpRequest(context: ExecutionContext): CoinflowContextRequest & { response: ResponseWithHeaders } {
  // As `switchToHttp()` has them, but that creates three functions for each request.
  return { request: context.getArgByIndex(0), response: context.getArgByIndex(1) };
}

/** The value of `Vary` for answers that depend on the session: the request headers that may carry the key. */
export function varyOf({ headers = ['*'] }: SessionKeyExtractor): string {
  return headers.join(', ');
}

/** In lower case, as Fastify and Node store it: they need not convert it then. */
const VARY = 'vary';

/** Adds to the `Vary` of a response, so that a shared HTTP cache does not give the answer of one user to another. */
export function appendVary(response: ResponseWithHeaders, vary: string): void {
  const existing = response.getHeader(VARY);
  if (!existing) {
    response.header(VARY, vary);
    return;
  }
  const present = namesIn(String(existing).toLowerCase());
  if (present.includes('*')) return;
  const missing = namesIn(vary).filter((name) => !present.includes(name.toLowerCase()));
  if (missing.length > 0) response.header(VARY, `${String(existing)}, ${missing.join(', ')}`);
}

function namesIn(vary: string): string[] {
  return vary.split(',').map((name) => name.trim());
}
