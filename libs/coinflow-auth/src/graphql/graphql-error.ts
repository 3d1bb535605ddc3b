import { GraphQLError } from 'graphql';
import { clientMessage } from '../contexts/http-exception.js';
import {
  isCoinflowAuthError,
  isTemporary,
  type AnyCoinflowAuthError,
  type CoinflowAuthError,
} from '../errors/coinflow-auth.errors.js';

/**
 * Converts an error of this package to the error of a GraphQL response. The client gets the code and a plain sentence. The
 * error itself is the `cause`, which is not sent: as `originalError`, its detailed message would be in the stack trace that
 * Apollo sends outside production.
 */
export function toGraphQLError(error: CoinflowAuthError): GraphQLError {
  const extensions = { code: error.code, ...(isTemporary(error) && { retryAfterMs: error.retryAfterMs }) };
  const exception = new GraphQLError(clientMessage(error), { extensions });
  Object.defineProperty(exception, 'cause', { value: error });
  return exception;
}

/** The error of this package behind an error of a response; `undefined` if it has another origin. */
export function coinflowErrorOf({ originalError, cause }: GraphQLError): AnyCoinflowAuthError | undefined {
  // graphql-js wraps what a resolver throws, in order to add the path.
  const error = originalError?.cause ?? cause;
  return isCoinflowAuthError(error) ? error : undefined;
}
