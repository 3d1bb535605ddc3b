import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { Module, type DynamicModule } from '@nestjs/common';
import { Args, GraphQLModule, Query, Resolver } from '@nestjs/graphql';
import {
  CoinflowAuth,
  CoinflowAuthModule,
  CoinflowOptional,
  CurrentSession,
  type CoinflowAuthModuleOptions,
  type CoinflowSubject,
} from 'nestjs-coinflow-auth';
import { graphqlContext } from 'nestjs-coinflow-auth/graphql';
import { createTestApp, type Platform } from '../create-test-app.js';
import { handle, type ContextDriver } from './context-driver.js';

@Resolver()
class ShopResolver {
  @Query(() => String)
  @CoinflowAuth()
  guarded(@Args('payload') payload: string, @CurrentSession('subject') subject: CoinflowSubject): string {
    return handle('guarded', payload, subject);
  }

  @Query(() => String)
  @CoinflowOptional()
  optional(@Args('payload') payload: string, @CurrentSession('subject') subject?: CoinflowSubject): string {
    return handle('optional', payload, subject);
  }

  @Query(() => String)
  @CoinflowAuth({ maxAgeMs: 0 })
  strict(@Args('payload') payload: string, @CurrentSession('subject') subject: CoinflowSubject): string {
    return handle('strict', payload, subject);
  }

  @Query(() => String)
  @CoinflowAuth({ subject: 'wallet' })
  wallet(@Args('payload') payload: string, @CurrentSession('subject') subject: CoinflowSubject): string {
    return handle('wallet', payload, subject);
  }
}

@Module({})
class ShopModule {}

function register(options: CoinflowAuthModuleOptions): DynamicModule {
  return {
    module: ShopModule,
    imports: [
      CoinflowAuthModule.forRoot(options),
      GraphQLModule.forRoot<ApolloDriverConfig>({ driver: ApolloDriver, autoSchemaFile: true }),
    ],
    providers: [ShopResolver],
  };
}

interface GraphqlBody {
  readonly data?: Record<string, unknown> | null;
  readonly errors?: readonly { readonly extensions: { readonly code: string } }[];
}

/** Queries over HTTP, with the key in the header. */
export function graphqlDriver(platform: Platform): ContextDriver {
  return {
    name: `GraphQL on ${platform}`,
    impossible: {},
    start: async (options) => {
      const app = await createTestApp({
        platform,
        register,
        options: { ...options, contexts: { graphql: graphqlContext() } },
      });
      return {
        app,
        send: async (handler, key, payload) => {
          const headers = { 'x-coinflow-auth-session-key': typeof key === 'object' ? [...key] : key };
          const query = `query ($payload: String!) { ${handler}(payload: $payload) }`;
          const { text, body } = await app.send('/graphql', {
            method: 'POST',
            headers: key === undefined ? {} : (headers as Record<string, string | string[]>),
            body: { query, variables: { payload } },
          });
          const { data, errors } = body as GraphqlBody;
          return errors
            ? { code: errors[0]?.extensions.code, text }
            : { code: undefined, text: String(data?.[handler]) };
        },
        close: app.close,
      };
    },
  };
}
