/**
 * Authenticates queries, mutations, field resolvers and subscriptions of GraphQL.
 * @module nestjs-coinflow-auth/graphql
 */
export { graphqlContext } from './graphql-context.js';
export { coinflowStatusPlugin, type CoinflowStatusPlugin, type SentOperation } from './status-plugin.js';
