import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { Module } from '@nestjs/common';
import { GraphQLModule } from '@nestjs/graphql';
import { coinflowStatusPlugin } from 'nestjs-coinflow-auth/graphql';
import { LedgerModule } from '../ledger/ledger.module.js';
import { ShopResolver } from './shop.resolver.js';

/** The shop as a GraphQL API, at `/graphql`. */
@Module({
  imports: [
    GraphQLModule.forRoot<ApolloDriverConfig>({
      driver: ApolloDriver,
      autoSchemaFile: true,
      // Without it, Nest runs no guards for field resolvers.
      fieldResolverEnhancers: ['guards'],
      // Its scripts come from another origin, which the security headers forbid.
      playground: false,
      // Before that, the other modules end their streams. Apollo would wait ten seconds for them.
      stopOnApplicationShutdown: true,
      plugins: [coinflowStatusPlugin()],
    }),
    LedgerModule,
  ],
  providers: [ShopResolver],
})
export class ShopGraphQLModule {}
