import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable, UseGuards, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { GqlExecutionContext, Query, ResolveField, Resolver } from '@nestjs/graphql';
import {
  CoinflowAuth,
  CoinflowAuthGuard,
  CurrentSession,
  SessionKeyExtractors,
  type CoinflowDecision,
  type CoinflowSubject,
} from 'nestjs-coinflow-auth';
import { PLATFORMS, foreignKey, forge, unseenKey } from './harness/create-test-app.js';
import { createGraphQLApp, type GraphQLAppOptions, type GraphQLTestApp } from './harness/graphql-app.js';
import { ShopResolver, User, userOf } from './harness/graphql-shop.js';

let app: GraphQLTestApp;

afterEach(() => app.close());

async function start(options: GraphQLAppOptions = {}): Promise<void> {
  app = await createGraphQLApp({ providers: [ShopResolver], ...options });
}

/** The resolvers that have run. */
const runs = (): string[] => app.app.get(ShopResolver).runs;

const keyOf = (userId: string): string => unseenKey(app.coinflow, { customerId: userId });

/** A key of alice that Coinflow has verified. */
async function cachedKey(): Promise<string> {
  const key = keyOf('alice');
  await app.service.verifySessionKey(key);
  app.coinflow.clearCalls();
  return key;
}

describe.each(PLATFORMS)('resolvers on %s', (platform) => {
  it('gives queries, mutations and field resolvers the session of the request', async () => {
    await start({ platform });
    const key = keyOf('alice');
    expect((await app.query('{ me { id balance } myself { id } greeting }', key)).body).toEqual({
      data: {
        me: { id: 'alice', balance: 'alice: balance of alice' },
        myself: { id: 'alice' },
        greeting: 'hello alice',
      },
    });
    expect((await app.query('mutation ($to: String!) { pay(to: $to) }', key, { to: 'bob' })).body).toEqual({
      data: { pay: 'paid bob' },
    });
    expect((await app.query('{ greeting motd(of: "today") }')).body).toEqual({
      data: { greeting: 'hello nobody', motd: 'today' },
    });
  });

  it.each<[described: string, code: string, key: () => string | undefined]>([
    ['no key', 'COINFLOW_SESSION_KEY_MISSING', () => undefined],
    ['a malformed key', 'COINFLOW_SESSION_KEY_MALFORMED', () => 'not a session key'],
    ['an expired key', 'COINFLOW_SESSION_KEY_EXPIRED', () => unseenKey(app.coinflow, { exp: 1_700_000_000 })],
    ['a key of another merchant', 'COINFLOW_SESSION_WRONG_MERCHANT', () => foreignKey(app.coinflow)],
    ['a forged key', 'COINFLOW_SESSION_REJECTED', () => forge(keyOf('alice'))],
  ])(
    'refuses %s with its code, runs no resolver, and echoes neither the key nor the payload',
    async (_, code, keyFor) => {
      await start({ platform });
      const key = keyFor();
      const query = 'query ($to: String) { me { id } myself { id } strict motd(of: $to) }';
      const answer = await app.query(query, key, { to: 'payload-canary' });
      expect(answer).toMatchObject({ status: 200, data: null });
      expect(answer.errors.map(({ extensions }) => extensions?.code)).toContain(code);
      expect(runs()).toEqual(['motd']);
      if (key !== undefined) expect(answer.text).not.toContain(key);
      expect(answer.text).not.toContain('payload-canary');
      if (code !== 'COINFLOW_SESSION_KEY_MISSING') {
        expect((await app.query('{ greeting }', key)).errors).toMatchObject([{ extensions: { code } }]);
      }
    },
  );

  it('answers an outage with 503, its code and retryAfterMs, and accepts no request', async () => {
    await start({ platform });
    app.coinflow.fail('verify', { kind: 'status', status: 503, body: { details: 'database on fire' } });
    for (const query of ['{ myself { id } }', '{ greeting }']) {
      const answer = await app.query(query, keyOf('alice'));
      expect(answer.data).toBeNull();
      expect(answer.errors).toMatchObject([
        {
          message: 'The service is temporarily unavailable. Try again later.',
          extensions: { code: 'COINFLOW_UNAVAILABLE', retryAfterMs: expect.any(Number) },
        },
      ]);
      expect(answer.text).not.toContain('on fire');
    }
    expect(runs()).toEqual([]);
  });

  it('sends only the code and a plain sentence, in production', async () => {
    await start({ platform, graphql: { includeStacktraceInErrorResponses: false } });
    expect((await app.query('{ me { id } }')).body).toEqual({
      data: { me: null },
      errors: [
        {
          message: 'A session key is required.',
          locations: [{ line: 1, column: 3 }],
          path: ['me'],
          extensions: { code: 'COINFLOW_SESSION_KEY_MISSING' },
        },
      ],
    });
    // Nest logs what it takes for a defect.
    expect(app.logger.at('error')).toEqual([]);
  });

  it('checks the policy of each resolver: 403 for one field, data for the other', async () => {
    await start({ platform });
    const answer = await app.query('{ me { id tokens balance } walletOnly greeting }', keyOf('alice'));
    expect(answer.data).toEqual({
      me: { id: 'alice', tokens: null, balance: 'alice: balance of alice' },
      walletOnly: null,
      greeting: 'hello alice',
    });
    expect(answer.errors.map(({ path, extensions }) => [path?.join('.'), extensions?.code]).sort()).toEqual([
      ['me.tokens', 'COINFLOW_SUBJECT_NOT_ALLOWED'],
      ['walletOnly', 'COINFLOW_SUBJECT_NOT_ALLOWED'],
    ]);
  });

  it('verifies a key once for all resolvers of a request, which is counted once', async () => {
    await start({ platform });
    await cachedKey();
    const decisions: CoinflowDecision[] = [];
    app.service.onDecision((decision) => void decisions.push(decision));
    const answer = await app.query(
      '{ me { id balance } again: me { id } myself { id balance } greeting }',
      keyOf('bob'),
    );
    expect(answer.errors).toEqual([]);
    expect(app.coinflow.countCalls('verify')).toBe(1);
    expect(decisions).toMatchObject([{ outcome: 'authenticated', decidedBy: 'coinflow' }]);
    expect(app.service.metrics().decisions.byOutcome).toMatchObject({ authenticated: 2 });
  });

  it('verifies a cached key again only for resolvers whose maxAgeMs demands it, once for all of them', async () => {
    await start({ platform });
    const key = await cachedKey();
    await app.query('{ me { id balance } }', key);
    expect(app.coinflow.countCalls('verify')).toBe(0);
    expect((await app.query('{ me { id balance payouts } strict again: strict }', key)).errors).toEqual([]);
    expect(app.coinflow.countCalls('verify')).toBe(1);
    expect((await app.query('mutation { a: pay(to: "a") b: pay(to: "b") }', key)).errors).toEqual([]);
    expect(app.coinflow.countCalls('verify')).toBe(2);
  });

  it('makes one call for a new key, also when resolvers with and without maxAgeMs run at the same time', async () => {
    await start({ platform });
    await cachedKey();
    expect((await app.query('{ me { id payouts } strict myself { id payouts } }', keyOf('bob'))).errors).toEqual([]);
    expect(app.coinflow.countCalls('verify')).toBe(1);
  });

  it('accepts a cached session in an outage where the policy allows it, and remembers the error for the others', async () => {
    await start({ platform });
    const key = await cachedKey();
    app.coinflow.fail('verify', { kind: 'status', status: 503 });
    // `strict` comes first: its error is not that of `me`.
    const answer = await app.query('{ strict me { id payouts balance } again: strict }', key);
    expect(answer.data).toEqual({
      strict: null,
      me: { id: 'alice', payouts: null, balance: 'alice: balance of alice' },
      again: null,
    });
    expect(answer.errors.map(({ extensions }) => extensions?.code)).toEqual(Array(3).fill('COINFLOW_UNAVAILABLE'));
    const calls = app.coinflow.countCalls('verify');
    await app.query('{ strict }', key);
    expect(app.coinflow.countCalls('verify') - calls).toBeLessThanOrEqual(calls);
    expect(app.service.metrics().decisions.byOutcome).toMatchObject({ unavailable: 2 });
  });

  it('never gives a request the session of a concurrent one', async () => {
    await start({ platform });
    const users = Array.from({ length: 20 }, (_, index) => `user-${index}`);
    const answers = await Promise.all(users.map((user) => app.query('{ greeting me { id balance } }', keyOf(user))));
    expect(answers.map(({ data }) => data)).toEqual(
      users.map((user) => ({ greeting: `hello ${user}`, me: { id: user, balance: `${user}: balance of ${user}` } })),
    );
  });

  it('authenticates each operation of a batch by itself', async () => {
    await start({ platform, graphql: { allowBatchedHttpRequests: true } });
    const answer = await app.send('/graphql', {
      method: 'POST',
      headers: { 'x-coinflow-auth-session-key': keyOf('alice') },
      body: [{ query: '{ me { id } }' }, { query: '{ walletOnly }' }, { query: '{ greeting }' }],
    });
    expect(answer).toMatchObject({
      status: 200,
      body: [
        { data: { me: { id: 'alice' } } },
        { data: { walletOnly: null }, errors: [{ extensions: { code: 'COINFLOW_SUBJECT_NOT_ALLOWED' } }] },
        { data: { greeting: 'hello alice' } },
      ],
    });
    expect(app.service.metrics().decisions.byOutcome).toMatchObject({ authenticated: 2, forbidden: 1 });
  });

  it('leaves introspection to the application, and runs no guard for it', async () => {
    await start({ platform, globalGuard: true });
    const answer = await app.query('{ __schema { queryType { name } } __typename }');
    expect(answer.body).toEqual({ data: { __schema: { queryType: { name: 'Query' } }, __typename: 'Query' } });
    expect(app.service.metrics().decisions.total).toBe(0);
  });

  it('guards every resolver under APP_GUARD, except public ones', async () => {
    await start({ platform, globalGuard: true });
    expect(await app.query('{ plain motd(of: "x") greeting }')).toMatchObject({
      data: { plain: null, motd: 'x', greeting: 'hello nobody' },
      errors: [{ path: ['plain'], extensions: { code: 'COINFLOW_SESSION_KEY_MISSING' } }],
    });
    expect((await app.query('{ plain }', keyOf('alice'))).data).toEqual({ plain: 'in' });
  });

  it('authenticates by the named instance of a resolver', async () => {
    @Resolver()
    class EuResolver {
      @Query(() => String, { nullable: true })
      @CoinflowAuth({ instance: 'eu' })
      eu(@CurrentSession('subject') subject: CoinflowSubject): string {
        return userOf(subject).id;
      }
    }
    await start({
      platform,
      providers: [ShopResolver, EuResolver],
      named: {
        name: 'eu',
        options: (options) => ({ ...options, extractor: SessionKeyExtractors.fromBearer() }),
      },
    });
    const answer = await app.send('/graphql', {
      method: 'POST',
      headers: { 'x-coinflow-auth-session-key': keyOf('alice'), authorization: `Bearer ${keyOf('bob')}` },
      body: { query: '{ me { id } eu }' },
    });
    expect(answer.body).toEqual({ data: { me: { id: 'alice' }, eu: 'bob' } });
  });

  it('answers an error of the service as the guard does, also without a guard', async () => {
    await start({ platform });
    app.coinflow.fail('session-key', { kind: 'status', status: 503, body: { details: 'database on fire' } });
    const answer = await app.query('{ create(user: "alice") }');
    expect(answer).toMatchObject({
      data: { create: null },
      errors: [{ path: ['create'], extensions: { code: 'COINFLOW_UNAVAILABLE', retryAfterMs: expect.any(Number) } }],
    });
    expect(answer.text).not.toContain('on fire');
    expect((await app.query('{ create(user: " ") }')).errors).toMatchObject([
      { message: expect.stringContaining('userId'), extensions: { code: 'COINFLOW_INVALID_ARGUMENT' } },
    ]);
  });
});

describe('Vary of a GraphQL response', () => {
  it.each([
    ['express', undefined],
    ['fastify', (request: object, reply: object) => ({ req: request, reply })],
  ] as const)('names the header of the key once, on %s', async (platform, context) => {
    await start({
      platform,
      graphql: context ? { context } : {},
      configure: (nest) =>
        nest.use((_: unknown, response: { setHeader: (name: string, value: string) => void }, next: () => void) => {
          if (platform === 'express') response.setHeader('Vary', 'Origin');
          next();
        }),
    });
    const { headers } = await app.query('{ me { id balance } greeting }', keyOf('alice'));
    expect(headers.vary).toBe(`${platform === 'express' ? 'Origin, ' : ''}x-coinflow-auth-session-key`);
    expect((await app.query('{ motd }')).headers.vary).toBe(platform === 'express' ? 'Origin' : undefined);
  });

  it('is not written after the response was sent, when a field that must not be null has failed', async () => {
    const late: unknown[] = [];
    @Injectable()
    class Slow implements CanActivate {
      async canActivate(): Promise<boolean> {
        await new Promise((resolve) => setTimeout(resolve, 100));
        return true;
      }
    }
    @Resolver()
    class SlowResolver {
      @Query(() => String)
      crashing(): string {
        throw new Error('the application failed');
      }

      @Query(() => String)
      @UseGuards(Slow, CoinflowAuthGuard)
      slow(): string {
        late.push('ran');
        return 'slow';
      }
    }
    await start({ providers: [ShopResolver, SlowResolver] });
    const answer = await app.query('{ crashing slow }', await cachedKey());
    expect(answer.data).toBeNull();
    expect(answer.headers.vary).toBeUndefined();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(late).toEqual(['ran']);
  });
});

describe('the context function of an application', () => {
  it.each<[described: string, context: (request: { req: object }, reply: object) => object]>([
    ['adds to the context', ({ req }) => ({ req, loaders: {} })],
    ['names the request in its own way', ({ req }) => ({ request: req })],
    ['returns a context without a request, to which Nest adds it', () => ({ loaders: {} })],
  ])('may be one that %s', async (_, context) => {
    await start({ graphql: { context } });
    expect((await app.query('{ me { id balance } }', keyOf('alice'))).data).toEqual({
      me: { id: 'alice', balance: 'alice: balance of alice' },
    });
  });

  it('is a misconfiguration if it hides the request, and the log says what to do', async () => {
    await start({ graphql: { context: () => ({ req: { user: 'alice' } }) } });
    const answer = await app.query('{ myself { id } }', keyOf('alice'));
    expect(answer).toMatchObject({ data: null, errors: [{ extensions: { code: 'COINFLOW_MISCONFIGURED' } }] });
    expect((await app.query('{ greeting }', keyOf('alice'))).data).toBeNull();
    expect(app.logger.at('error')).toEqual([expect.stringMatching(/graphql-context\] Let the context function/)]);
    expect(runs()).toEqual([]);
  });
});

describe('field resolvers', () => {
  it('stop the application from starting if they are decorated, but GraphQL runs no guards for them', async () => {
    await start();
    await expect(
      createGraphQLApp({ providers: [ShopResolver], graphql: { fieldResolverEnhancers: ['filters'] } }),
    ).rejects.toMatchObject({
      code: 'COINFLOW_MISCONFIGURED',
      reason: 'field-resolver-unguarded',
      message: expect.stringContaining('ShopResolver.balance is a field resolver'),
    });
  });

  it('need no guards of GraphQL if they are public or have no decorator', async () => {
    @Resolver(() => User)
    class PlainResolver {
      @Query(() => User)
      @CoinflowAuth()
      me(@CurrentSession('subject') subject: CoinflowSubject): User {
        return userOf(subject);
      }

      @ResolveField(() => String)
      name(): string {
        return 'a name';
      }
    }
    app = await createGraphQLApp({ providers: [PlainResolver], graphql: { fieldResolverEnhancers: [] } });
    expect((await app.query('{ me { id name } }', keyOf('alice'))).data).toEqual({
      me: { id: 'alice', name: 'a name' },
    });
  });
});

it('a guard after the guard of this package finds the session in the operation', async () => {
  const seen: unknown[] = [];
  @Injectable()
  class SecondGuard extends CoinflowAuthGuard {
    override canActivate(context: ExecutionContext): boolean | Promise<boolean> {
      seen.push(GqlExecutionContext.create(context).getInfo<{ fieldName: string }>().fieldName);
      return super.canActivate(context);
    }
  }
  @Resolver()
  class TwiceResolver {
    @Query(() => String)
    @UseGuards(SecondGuard)
    @CoinflowAuth()
    twice(@CurrentSession('subject') subject: CoinflowSubject): string {
      return userOf(subject).id;
    }
  }
  await start({ providers: [TwiceResolver, ShopResolver] });
  expect((await app.query('{ twice }', keyOf('alice'))).data).toEqual({ twice: 'alice' });
  expect(seen).toEqual(['twice']);
  expect(app.service.metrics().decisions.total).toBe(1);
});
