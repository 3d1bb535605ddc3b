import { GraphQLError } from 'graphql';
import { clientMessage } from '../contexts/http-exception.js';
import { isTemporary } from '../errors/coinflow-auth.errors.js';
import type { RequestWithHeaders } from '../extraction/session-key-extractor.js';
import type { CoinflowContextAdapter } from '../options/context-contracts.js';

/** The context of a GraphQL operation, as `@nestjs/graphql` creates it. */
interface OperationContext {
  readonly req: RequestWithHeaders;
}

/** GraphQL with `@nestjs/graphql`. */
export function graphqlContext(): CoinflowContextAdapter {
  return {
    find(context) {
      const operation = context.getArgByIndex<OperationContext>(2);
      return { request: operation.req, carrier: operation, isShared: true };
    },
    toException: (error) =>
      new GraphQLError(clientMessage(error), {
        extensions: { code: error.code, ...(isTemporary(error) && { retryAfterMs: error.retryAfterMs }) },
      }),
  };
}
