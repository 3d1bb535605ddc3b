import { misconfigured } from '../contexts/http-exception.js';
import type { CoinflowMisconfiguredError } from '../errors/coinflow-auth.errors.js';
import type { CoinflowContextAdapter } from '../options/context-contracts.js';
import { GraphQLException } from './graphql-exception.js';
import { handshakeOf, type Handshake } from './handshake.js';
import { httpRequestOf, isSubscription, operationContextOf } from './operation-context.js';
import { operationResponse } from './operation-response.js';
import { endConnection } from './session-sockets.js';

/**
 * The adapter for GraphQL with `@nestjs/graphql` and Apollo, on Express and Fastify, and for subscriptions over graphql-ws.
 *
 * The key is verified once for all resolvers of an operation, and again only where `maxAgeMs` demands it. The error of a refused
 * resolver has `extensions: { code, retryAfterMs }`, in which `retryAfterMs` is present for a 429 or a 503.
 *
 * Over graphql-ws, a client sends the key in its `connectionParams`, as `sessionKey`, or in the request that opens the
 * socket. When the session ends, the socket of a subscription is closed with 4401.
 * @example
 * CoinflowAuthModule.forRoot({ ...options, contexts: { graphql: graphqlContext() } })
 */
export function graphqlContext(): CoinflowContextAdapter {
  return {
    find(context) {
      const args = context.getArgs<unknown[]>();
      const operation = operationContextOf(args);
      const handshake = handshakeOf(operation);
      if (handshake) return { ...handshake, carrier: operation, isShared: true };
      // A subscription that could not be closed would outlive its session.
      if (isSubscription(args)) throw notInContext('socket of graphql-ws');
      const http = httpRequestOf(operation);
      if (!http) throw notInContext('request');
      return {
        request: http.request,
        response: operationResponse(operation, http.response),
        carrier: operation,
        isShared: true,
      };
    },
    toException: (error) => new GraphQLException(error),
    endWithSession(found: Partial<Handshake>, onSessionEnd, sessionId) {
      if (found.connection) endConnection(found.connection, onSessionEnd, sessionId);
    },
  };
}

function notInContext(missing: string): CoinflowMisconfiguredError {
  return misconfigured(`CoinflowAuthGuard finds no ${missing} in the context of a GraphQL operation`, {
    reason: 'graphql-context',
    action:
      'Let the context function of GraphQLModule keep `req`, as Nest does without such a function. Over HTTP that is the request. For graphql-ws it is its own context, with `connectionParams` and `extra`.',
  });
}
