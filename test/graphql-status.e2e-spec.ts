import { afterEach, describe, expect, it } from '@jest/globals';
import type { ApolloServerPlugin } from '@apollo/server';
import { SessionKeyExtractors } from 'nestjs-coinflow-auth';
import { coinflowStatusPlugin } from 'nestjs-coinflow-auth/graphql';
import { PLATFORMS, forge, unseenKey } from './harness/create-test-app.js';
import { createGraphQLApp, type GraphQLAppOptions, type GraphQLTestApp } from './harness/graphql-app.js';
import { ShopResolver } from './harness/graphql-shop.js';

let app: GraphQLTestApp;

afterEach(() => app.close());

const plugins: ApolloServerPlugin[] = [coinflowStatusPlugin()];

async function start(options: GraphQLAppOptions = {}): Promise<void> {
  app = await createGraphQLApp({ providers: [ShopResolver], graphql: { plugins }, ...options });
}

const keyOf = (userId: string): string => unseenKey(app.coinflow, { customerId: userId });

const INVALID = 'CoinflowSession realm="Coinflow", error="invalid_token"';

describe.each(PLATFORMS)('the status of a GraphQL response on %s', (platform) => {
  it.each([
    ['{ me { id } }', 401],
    ['{ myself { id } }', 401],
    ['{ me { id } strict again: strict }', 401],
    ['{ me { id } motd(of: "data") }', 200],
    ['{ me { id } motd }', 200],
    ['{ me { id } crash }', 200],
    ['{ crash }', 200],
    ['{ motd }', 200],
  ])('of %s without a key is %i', async (query, status) => {
    await start({ platform });
    const answer = await app.query(query);
    expect(answer.status).toBe(status);
    expect(answer.headers['www-authenticate']).toBe(status === 401 ? 'CoinflowSession realm="Coinflow"' : undefined);
  });

  it('is 200 without the plugin, also without data', async () => {
    await start({ platform, graphql: {} });
    const answer = await app.query('{ myself { id } }');
    expect(answer).toMatchObject({ status: 200, data: null });
    expect(answer.headers['www-authenticate']).toBeUndefined();
  });

  it('is that of the error: 401, 403 and 503, with the headers of HTTP', async () => {
    await start({ platform });
    const invalid = await app.query('{ me { id } }', forge(keyOf('alice')));
    expect(invalid).toMatchObject({ status: 401, headers: { 'www-authenticate': INVALID } });
    const forbidden = await app.query('{ walletOnly }', keyOf('alice'));
    expect(forbidden.status).toBe(403);
    expect(forbidden.headers['www-authenticate']).toBeUndefined();
    app.coinflow.fail('verify', { kind: 'status', status: 503 });
    const unavailable = await app.query('{ me { id } }', keyOf('bob'));
    expect(unavailable.status).toBe(503);
    const { retryAfterMs } = unavailable.errors[0]?.extensions as { retryAfterMs: number };
    expect(unavailable.headers['retry-after']).toBe(String(Math.ceil(retryAfterMs / 1_000)));
    expect(unavailable.headers['www-authenticate']).toBeUndefined();
  });

  it('is 503 if an outage and the policy refuse the fields', async () => {
    await start({ platform });
    const key = keyOf('alice');
    await app.service.verifySessionKey(key);
    app.coinflow.fail('verify', { kind: 'status', status: 503 });
    expect((await app.query('{ walletOnly strict }', key)).status).toBe(503);
  });

  it('is 500 for a misconfiguration', async () => {
    await start({ platform });
    app.coinflow.fail('verify', { kind: 'status', status: 404 });
    expect((await app.query('{ me { id } }', keyOf('alice'))).status).toBe(500);
  });

  it('is that of an error of the service, which a resolver lets through', async () => {
    await start({ platform });
    app.coinflow.fail('session-key', { kind: 'status', status: 422 });
    expect((await app.query('{ create(user: "alice") }')).status).toBe(403);
    expect((await app.query('{ create(user: " ") }')).status).toBe(400);
  });

  it('stays 200 for a batch, in which other operations may have data', async () => {
    await start({ platform, graphql: { plugins, allowBatchedHttpRequests: true } });
    const answer = await app.send('/graphql', {
      method: 'POST',
      headers: { 'x-coinflow-auth-session-key': forge(keyOf('alice')) },
      body: [{ query: '{ motd }' }, { query: '{ me { id } }' }],
    });
    expect(answer).toMatchObject({
      status: 200,
      body: [{ data: { motd: null } }, { data: { me: null }, errors: [{ path: ['me'] }] }],
    });
  });

  it('comes with the schemes of the option extractor', async () => {
    await start({ platform, options: { extractor: SessionKeyExtractors.fromBearer() } });
    expect((await app.query('{ me { id } }')).headers['www-authenticate']).toBe('Bearer realm="Coinflow"');
  });

  it('does not replace the status of another plugin', async () => {
    const other: ApolloServerPlugin = {
      requestDidStart: () =>
        Promise.resolve({
          willSendResponse: ({ response }) => {
            response.http.status = 418;
            return Promise.resolve();
          },
        }),
    };
    await start({ platform, graphql: { plugins: [...plugins, other], preserveHttpStatusForExecutionErrors: false } });
    expect((await app.query('{ me { id } }')).status).toBe(418);
  });

  it('is that of Apollo for an invalid operation', async () => {
    await start({ platform });
    expect((await app.query('{ unknown }')).status).toBe(400);
  });
});
