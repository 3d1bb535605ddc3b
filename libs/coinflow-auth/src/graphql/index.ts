export { graphqlContext } from './graphql-context.js';
