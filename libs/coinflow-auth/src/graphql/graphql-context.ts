import { misconfigured } from '../contexts/http-exception.js';
import type { CoinflowContextAdapter } from '../options/context-contracts.js';
import { toGraphQLError } from './graphql-error.js';
import { handshakeOf, type Handshake } from './handshake.js';
import { httpRequestOf, operationContextOf } from './operation-context.js';
import { operationResponse } from './operation-response.js';
import { endConnection } from './session-sockets.js';

/**
 * The adapter for GraphQL with `@nestjs/graphql` and Apollo, on Express and Fastify, and for subscriptions over graphql-ws.
 *
 * The key is verified once for all resolvers of an operation, and again only where `maxAgeMs` demands it. A refusal is a
 * `GraphQLError` with `extensions: { code, retryAfterMs }`, in which `retryAfterMs` is present after a 429 or a 503.
 *
 * Over graphql-ws, a client sends the key in its `connectionParams`, as `sessionKey`, or in the request that opens the
 * socket. When the session ends, the socket of a subscription is closed with 4401.
 * @example
 * CoinflowAuthModule.forRoot({ ...options, contexts: { graphql: graphqlContext() } })
 */
export function graphqlContext(): CoinflowContextAdapter {
  return {
    find(context) {
      const operation = operationContextOf(context.getArgs());
      const handshake = handshakeOf(operation);
      if (handshake) return { ...handshake, carrier: operation, isShared: true };
      const http = httpRequestOf(operation);
      if (!http) throw requestMissing();
      return {
        request: http.request,
        response: operationResponse(operation, http.response),
        carrier: operation,
        isShared: true,
      };
    },
    toException: toGraphQLError,
    endWithSession(found: Partial<Handshake>, onSessionEnd, sessionId) {
      if (found.connection) endConnection(found.connection, onSessionEnd, sessionId);
    },
  };
}

function requestMissing(): Error {
  return misconfigured('CoinflowAuthGuard finds no request in the context of the GraphQL operation', {
    reason: 'graphql-context',
    action:
      'Let the context function of GraphQLModule keep the request as `req`, as Nest does without such a function. For graphql-ws that is its own context, with `connectionParams` and `extra`.',
  });
}
