import { afterEach, expect, it } from '@jest/globals';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { Module, type INestApplication } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { GraphQLModule } from '@nestjs/graphql';
import { Test } from '@nestjs/testing';
import { CoinflowAuthGuard, CoinflowAuthModule, type CoinflowSession } from 'nestjs-coinflow-auth';
import { coinflowAuthConfig } from 'nestjs-coinflow-auth/config';
import { graphqlContext } from 'nestjs-coinflow-auth/graphql';
import { asUser, overrideCoinflowAuth } from 'nestjs-coinflow-auth/testing';
import { ShopResolver } from './harness/graphql-shop.js';
import { send } from './harness/send.js';

@Module({
  imports: [
    CoinflowAuthModule.forRootAsync({ ...coinflowAuthConfig.asProvider(), contexts: { graphql: graphqlContext() } }),
    GraphQLModule.forRoot<ApolloDriverConfig>({
      driver: ApolloDriver,
      autoSchemaFile: true,
      fieldResolverEnhancers: ['guards'],
    }),
  ],
  providers: [ShopResolver, { provide: APP_GUARD, useClass: CoinflowAuthGuard }],
})
class ShopModule {}

let app: INestApplication;

afterEach(() => app.close());

async function query(session: CoinflowSession | undefined, text: string): Promise<unknown> {
  const module = await overrideCoinflowAuth(Test.createTestingModule({ imports: [ShopModule] }), session).compile();
  app = module.createNestApplication({ logger: false });
  await app.listen(0, '127.0.0.1');
  return (await send(`${await app.getUrl()}/graphql`, { method: 'POST', body: { query: text } })).body;
}

it('overrideCoinflowAuth authenticates the user in resolvers and field resolvers, and the policies apply', async () => {
  const body = await query(asUser('alice'), '{ me { id balance payouts } plain greeting walletOnly }');
  expect(body).toMatchObject({
    data: {
      me: { id: 'alice', balance: 'alice: balance of alice', payouts: 'payouts' },
      plain: 'in',
      greeting: 'hello alice',
      walletOnly: null,
    },
    errors: [{ path: ['walletOnly'], extensions: { code: 'COINFLOW_SUBJECT_NOT_ALLOWED' } }],
  });
});

it('overrideCoinflowAuth refuses protected resolvers when there is no session', async () => {
  const body = await query(undefined, '{ me { id } plain greeting motd(of: "today") }');
  expect(body).toMatchObject({
    data: { me: null, plain: null, greeting: 'hello nobody', motd: 'today' },
    errors: [{ extensions: { code: 'COINFLOW_SESSION_KEY_MISSING' } }, { path: ['plain'] }],
  });
});
