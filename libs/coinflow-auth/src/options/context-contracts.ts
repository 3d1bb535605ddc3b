import type { ExecutionContext } from '@nestjs/common';
import type { CoinflowAuthError } from '../errors/coinflow-auth.errors.js';
import type { RequestWithHeaders } from '../extraction/session-key-extractor.js';

/** The methods of a response that this package uses; Express and Fastify both have them. */
export interface ResponseWithHeaders {
  getHeader(name: string): number | string | string[] | undefined;
  header(name: string, value: string): unknown;
}

/** The request that a handler runs for. */
export interface CoinflowContextRequest {
  /** The option `extractor` finds the session key in it, and `budget.getClient` the client. */
  readonly request: RequestWithHeaders;
  /** The session key, if it is not in `request`. The extractor then does not run. An empty text is no key. */
  readonly sessionKey?: string | undefined;
  /** Where the guard writes `Vary`, `WWW-Authenticate` and `Retry-After`. Omit it if there is no response with headers. */
  readonly response?: ResponseWithHeaders | undefined;
  /**
   * Where the guard keeps its decision for `@CurrentSession()`: one of the handler's arguments, and an object.
   * @default `request`
   */
  readonly carrier?: object;
}

/** What the guard needs to know about a kind of context: GraphQL, or a transport. */
export interface CoinflowContextAdapter {
  /** Finds the request that a handler runs for. It must be synchronous. */
  find(context: ExecutionContext): CoinflowContextRequest;
  /** Converts an error of this package to the exception that this kind of context answers with. */
  toException(error: CoinflowAuthError): unknown;
}

/** An adapter, or `'skip'`: the guard does not run for handlers without decorators of this package. */
export type CoinflowContext = CoinflowContextAdapter | 'skip';
