import type { ArgumentsHost, ExecutionContext } from '@nestjs/common';
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
  /**
   * Whether several handlers run for one request, as the resolvers of a GraphQL operation do. Those with the same carrier share
   * one verification of the session key, and the request is counted once.
   * @default false
   */
  readonly isShared?: boolean;
}

/**
 * Calls back once when the session of a request ends: when it expires, is revoked or is rejected by Coinflow.
 * @returns a function that stops it
 */
export type OnSessionEnd = (callback: (reason: CoinflowAuthError) => void) => () => void;

/** What the guard needs to know about a kind of context: GraphQL, or a transport. */
export interface CoinflowContextAdapter {
  /** Finds the request that a handler runs for. It must be synchronous. */
  find(context: ExecutionContext): CoinflowContextRequest;
  /** Converts an error of this package to the exception that this kind of context answers with. */
  toException(error: CoinflowAuthError, host: ArgumentsHost): unknown;
  /**
   * Ends a connection when its session ends. The guard calls it for GraphQL subscriptions. (`@Sse()` handlers do not need it.)
   * @param onSessionEnd Stop it when the connection ends by itself.
   * @param sessionId The same text in every call for this session of this instance, for a connection with several subscriptions.
   */
  endWithSession?(found: CoinflowContextRequest, onSessionEnd: OnSessionEnd, sessionId: string): void;
}

/** An adapter, or `'skip'`: the guard does not run for handlers without decorators of this package. */
export type CoinflowContext = CoinflowContextAdapter | 'skip';
