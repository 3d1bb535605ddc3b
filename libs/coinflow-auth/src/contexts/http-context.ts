import type { ExecutionContext } from '@nestjs/common';
import type { RequestWithHeaders, SessionKeyExtractor } from '../extraction/session-key-extractor.js';
import { misconfigured, type ResponseWithHeaders } from './http-exception.js';

/** The request and the response of an HTTP context. */
export interface CoinflowHttpContext {
  readonly request: RequestWithHeaders;
  readonly response: ResponseWithHeaders;
}

/**
 * @param guard the guard that needs the request, for the message
 * @param action what to do in another context, for the message
 * @throws {CoinflowMisconfiguredError} in a context that is not HTTP, where the guard cannot find what it verifies
 */
export function httpContext(
  context: ExecutionContext,
  guard = 'CoinflowAuthGuard',
  action = 'Use the guard on HTTP routes, or mark the handler @CoinflowPublic() and protect it in another way.',
): CoinflowHttpContext {
  const type: string = context.getType();
  if (type !== 'http') {
    throw misconfigured(`${guard} supports HTTP only, and the context is "${type}"`, {
      reason: 'unknown-context',
      action,
    });
  }
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
