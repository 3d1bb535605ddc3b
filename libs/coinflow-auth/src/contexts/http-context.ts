import type { ExecutionContext } from '@nestjs/common';
import type { RequestWithHeaders } from '../extraction/session-key-extractor.js';
import type { ResponseWithHeaders } from './http-exception.js';
import { misconfigured } from './misconfiguration.js';

/** Where a request and its response are. */
export interface CoinflowHttpContext {
  readonly request: RequestWithHeaders;
  readonly response: ResponseWithHeaders;
}

/**
 * @throws {CoinflowMisconfiguredError} in a context that is not HTTP: what the guard does not understand it does not let through
 */
export function httpContext(context: ExecutionContext): CoinflowHttpContext {
  const type: string = context.getType();
  if (type !== 'http') {
    throw misconfigured(`CoinflowAuthGuard does not understand requests of the kind “${type}”`, {
      reason: 'unknown-context',
      action: 'Use the guard on HTTP routes, or mark the handler @CoinflowPublic() and protect it in another way.',
    });
  }
  const http = context.switchToHttp();
  return { request: http.getRequest<RequestWithHeaders>(), response: http.getResponse<ResponseWithHeaders>() };
}
