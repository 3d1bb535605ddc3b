export { graphqlContext } from './graphql-context.js';
export { coinflowStatusPlugin, type CoinflowStatusPlugin, type SentOperation } from './status-plugin.js';
