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
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { createTestApp, type Platform, type TestApp } from '../create-test-app.js';
import type { HandlerName, PresentedKey } from '../decision-table.js';
import { handle, type ContextAnswer, type ContextDriver, type RunningContext } from './context-driver.js';

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
      GraphQLModule.forRoot<ApolloDriverConfig>({
        driver: ApolloDriver,
        autoSchemaFile: true,
        subscriptions: { 'graphql-ws': true },
      }),
    ],
    providers: [ShopResolver],
  };
}

interface GraphqlBody {
  readonly data?: Record<string, unknown> | null;
  readonly errors?: readonly { readonly extensions: { readonly code: string } }[];
}

const query = (handler: HandlerName): string => `query ($payload: String!) { ${handler}(payload: $payload) }`;

function answerOf(handler: HandlerName, { data, errors }: GraphqlBody, text: string): ContextAnswer {
  return errors ? { code: errors[0]?.extensions.code, text } : { code: undefined, text: String(data?.[handler]) };
}

type Send = (app: TestApp, ...call: Parameters<RunningContext['send']>) => Promise<ContextAnswer>;

function driver(name: string, platform: Platform, send: Send): ContextDriver {
  return {
    name,
    impossible: {},
    start: async (options) => {
      const contexts = { graphql: graphqlContext() };
      const app = await createTestApp({ platform, register, options: { ...options, contexts } });
      return { app, send: (...call) => send(app, ...call), close: app.close };
    },
  };
}

/** The key in a header. Two keys are two headers. */
function headersOf(key: PresentedKey): Record<string, string | string[]> {
  if (key === undefined) return {};
  return { 'x-coinflow-auth-session-key': typeof key === 'string' ? key : [...key] };
}

/** Queries over HTTP. */
export function graphqlDriver(platform: Platform): ContextDriver {
  return driver(`GraphQL on ${platform}`, platform, async (app, handler, key, payload) => {
    const { text, body } = await app.send('/graphql', {
      method: 'POST',
      headers: headersOf(key),
      body: { query: query(handler), variables: { payload } },
    });
    return answerOf(handler, body as GraphqlBody, text);
  });
}

/** Queries over graphql-ws. Each one has a socket of its own, with the key in its `connectionParams`; two keys are two spellings. */
export const graphqlWsDriver = driver('GraphQL over graphql-ws', 'express', async (app, handler, key, payload) => {
  const [first, second] = [key].flat();
  const client = createClient({
    url: `${app.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams:
      second === undefined
        ? { sessionKey: first }
        : { 'x-coinflow-auth-session-key': first, 'X-Coinflow-Auth-Session-Key': second },
    retryAttempts: 0,
  });
  try {
    for await (const result of client.iterate({ query: query(handler), variables: { payload } })) {
      return answerOf(handler, result as GraphqlBody, JSON.stringify(result));
    }
    throw new Error('The query has no result');
  } finally {
    await client.dispose();
  }
});
