import { EventEmitter, on } from 'node:events';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Resolver, Subscription } from '@nestjs/graphql';
import {
  CoinflowAuth,
  CoinflowPublic,
  CurrentSession,
  SessionKeyExtractors,
  type CoinflowAuthService,
  type CoinflowSubject,
} from 'nestjs-coinflow-auth';
import { instanceToken } from '../libs/coinflow-auth/src/options/tokens.js';
import { stopClock } from './harness/clock.js';
import { PLATFORMS, forge, unseenKey } from './harness/create-test-app.js';
import {
  createGraphQLApp,
  type GraphQLAppOptions,
  type GraphQLSocket,
  type GraphQLTestApp,
} from './harness/graphql-app.js';
import { ShopResolver, User, userOf } from './harness/graphql-shop.js';
import { until } from './harness/until.js';

const firstArgument = ([user]: [User]): User => user;

@Resolver(() => User)
class ChangesResolver {
  readonly subscribers: string[] = [];
  readonly #changes = new EventEmitter();

  @Subscription(() => User, { resolve: firstArgument })
  @CoinflowAuth()
  changes(@CurrentSession('subject') subject: CoinflowSubject): AsyncIterator<unknown> {
    this.subscribers.push(userOf(subject).id);
    return on(this.#changes, 'change');
  }

  @Subscription(() => User, { resolve: firstArgument })
  @CoinflowPublic()
  publicChanges(): AsyncIterator<unknown> {
    return on(this.#changes, 'change');
  }

  @Subscription(() => User, { resolve: firstArgument })
  @CoinflowAuth({ instance: 'eu' })
  euChanges(@CurrentSession('subject') subject: CoinflowSubject): AsyncIterator<unknown> {
    this.subscribers.push(userOf(subject).id);
    return on(this.#changes, 'change');
  }

  emit(id: string): void {
    this.#changes.emit('change', { id });
  }

  get listeners(): number {
    return this.#changes.listenerCount('change');
  }
}

const CHANGES = 'subscription { changes { id } }';

let app: GraphQLTestApp;

afterEach(async () => {
  jest.useRealTimers();
  jest.restoreAllMocks();
  await app.close();
});

async function start(options: GraphQLAppOptions = {}): Promise<ChangesResolver> {
  app = await createGraphQLApp({ providers: [ShopResolver, ChangesResolver], ...options });
  return app.app.get(ChangesResolver);
}

const keyOf = (userId: string, claims: object = {}): string =>
  unseenKey(app.coinflow, { customerId: userId, ...claims });

/** Subscribes, and waits until the server listens for events. */
async function listen(
  changes: ChangesResolver,
  { subscribe }: GraphQLSocket,
  query = CHANGES,
): Promise<AsyncIterableIterator<object>> {
  const before = changes.listeners;
  const results = subscribe(query);
  await until(() => changes.listeners > before);
  return results;
}

/** Counts how often a session was watched, and how many watches have not been stopped. */
function countWatches(): { started: number; open: number } {
  const { watcher } = app.authenticator.sessions;
  const watch = watcher.watch.bind(watcher);
  const counts = { started: 0, open: 0 };
  jest.spyOn(watcher, 'watch').mockImplementation((...args) => {
    const stop = watch(...args);
    counts.started += 1;
    counts.open += 1;
    return () => {
      counts.open -= 1;
      stop();
    };
  });
  return counts;
}

/** The error codes of the first result of an operation. */
async function codesOf(socket: GraphQLSocket, query = CHANGES): Promise<unknown[]> {
  const { value } = (await socket.subscribe(query).next()) as { value: { errors?: { extensions: object }[] } };
  return (value.errors ?? []).map(({ extensions }) => (extensions as { code: unknown }).code);
}

describe.each(PLATFORMS)('subscriptions over graphql-ws on %s', (platform) => {
  it('get the session of the key in the connectionParams, in every event', async () => {
    const changes = await start({ platform });
    const socket = await app.connect({ sessionKey: keyOf('alice') });
    const results = await listen(changes, socket, 'subscription { changes { id balance } }');
    expect(changes.subscribers).toEqual(['alice']);
    for (const id of ['bob', 'carol']) {
      changes.emit(id);
      await expect(results.next()).resolves.toMatchObject({
        value: { data: { changes: { id, balance: `${id}: balance of alice` } } },
      });
    }
    expect(app.service.metrics().decisions.byOutcome).toMatchObject({ authenticated: 1 });
  });

  it('end with 4401 when the session is revoked, and get no further event', async () => {
    const changes = await start({ platform });
    const key = keyOf('alice');
    const socket = await app.connect({ sessionKey: key });
    const results = await listen(changes, socket);
    const other = await app.connect({ sessionKey: keyOf('bob') });
    const others = await listen(changes, other);
    await app.service.revokeSessionKey(key);
    changes.emit('carol');
    await expect(socket.closed).resolves.toEqual([4401, 'COINFLOW_SESSION_REVOKED']);
    await expect(results.next()).rejects.toMatchObject({ code: 4401 });
    await expect(others.next()).resolves.toMatchObject({ value: { data: { changes: { id: 'carol' } } } });
    await until(() => changes.listeners === 1);
  });

  it.each<[described: string, code: string, params: () => object | undefined]>([
    ['no key', 'COINFLOW_SESSION_KEY_MISSING', () => undefined],
    ['an empty key', 'COINFLOW_SESSION_KEY_MISSING', () => ({ sessionKey: '' })],
    ['null', 'COINFLOW_SESSION_KEY_MISSING', () => ({ sessionKey: null })],
    ['a key that is not a string', 'COINFLOW_SESSION_KEY_MALFORMED', () => ({ sessionKey: { toString: 'x' } })],
    ['a malformed key', 'COINFLOW_SESSION_KEY_MALFORMED', () => ({ sessionKey: 'canary canary' })],
    ['a forged key', 'COINFLOW_SESSION_REJECTED', () => ({ sessionKey: forge(keyOf('alice')) })],
  ])('are refused with %s, and no handler runs', async (_, code, params) => {
    const changes = await start({ platform });
    const watches = countWatches();
    const socket = await app.connect(params());
    expect(await codesOf(socket)).toEqual([code]);
    expect(changes.subscribers).toEqual([]);
    expect(watches.started).toBe(0);
  });
});

describe('the key of a client of graphql-ws', () => {
  const extractor = SessionKeyExtractors.firstOf(
    SessionKeyExtractors.fromHeader(),
    SessionKeyExtractors.fromBearer(),
    SessionKeyExtractors.fromCookie('session'),
  );

  it.each<[place: string, connectionParams: (key: string) => object, headers: (key: string) => Record<string, string>]>(
    [
      ['the header in connectionParams', (key) => ({ 'X-Coinflow-Auth-Session-Key': key }), () => ({})],
      ['Authorization in connectionParams', (key) => ({ authorization: `Bearer ${key}` }), () => ({})],
      ['the header of the handshake', () => ({ sessionKey: '' }), (key) => ({ 'x-coinflow-auth-session-key': key })],
      [
        'the cookie of the handshake',
        () => ({ sessionKey: null }),
        (key) => ({ cookie: `session=${key}`, origin: app.url }),
      ],
    ],
  )('is found in %s', async (_, connectionParams, headers) => {
    await start({ options: { extractor } });
    const key = keyOf('alice');
    const socket = await app.connect(connectionParams(key), headers(key));
    await expect(socket.subscribe('{ greeting }').next()).resolves.toMatchObject({
      value: { data: { greeting: 'hello alice' } },
    });
  });

  it('is not taken from the cookie of a socket that a page of another site has opened, whatever it sends', async () => {
    const changes = await start({ options: { extractor } });
    const headers = { cookie: `session=${keyOf('alice')}`, origin: 'https://evil.example' };
    for (const params of [
      {},
      { origin: app.url, 'sec-fetch-site': 'same-origin', cookie: `session=${keyOf('bob')}` },
    ]) {
      expect(await codesOf(await app.connect(params, headers))).toEqual(['COINFLOW_CROSS_SITE']);
    }
    expect(changes.subscribers).toEqual([]);
  });

  it('is refused if two of its spellings differ', async () => {
    await start();
    const params = { 'x-coinflow-auth-session-key': keyOf('alice'), 'X-COINFLOW-AUTH-SESSION-KEY': keyOf('bob') };
    expect(await codesOf(await app.connect(params))).toEqual(['COINFLOW_SESSION_KEY_MALFORMED']);
  });

  it('counts as one of the client that opened the socket', async () => {
    const clients: unknown[] = [];
    await start({
      options: {
        budget: {
          getClient: ({ ip, socket }) => {
            clients.push(ip);
            return socket?.remoteAddress;
          },
        },
      },
    });
    const socket = await app.connect({ sessionKey: keyOf('alice') });
    await socket.subscribe('{ me { id } }').next();
    const proxied = await app.connect({ sessionKey: keyOf('bob') }, { 'x-forwarded-for': '192.0.2.1' });
    await proxied.subscribe('{ me { id } }').next();
    expect(new Set(clients)).toEqual(new Set(['127.0.0.1', undefined]));
  });
});

describe('a socket of graphql-ws', () => {
  it('is closed when the key of a subscription expires', async () => {
    const changes = await start();
    const key = keyOf('alice', { exp: Math.floor(Date.now() / 1_000) + 60 });
    const { expiresAt } = await app.service.verifySessionKey(key);
    const clock = stopClock();
    // A key is accepted until 5 s after its expiry.
    clock.advance(Number(expiresAt) + 5_000 - Date.now() - 50);
    const socket = await app.connect({ sessionKey: key });
    await listen(changes, socket);
    clock.advance(50);
    await expect(socket.closed).resolves.toEqual([4401, 'COINFLOW_SESSION_KEY_EXPIRED']);
  });

  it('is closed when another request finds that Coinflow rejects the key', async () => {
    const changes = await start();
    const key = keyOf('alice');
    const socket = await app.connect({ sessionKey: key });
    await listen(changes, socket);
    app.coinflow.fail('verify', { kind: 'status', status: 401 });
    expect((await app.query('{ strict }', key)).data).toEqual({ strict: null });
    await expect(socket.closed).resolves.toEqual([4401, 'COINFLOW_SESSION_REJECTED']);
  });

  it('stays open after queries only, whose next one is refused', async () => {
    await start();
    const watches = countWatches();
    const key = keyOf('alice');
    const socket = await app.connect({ sessionKey: key });
    await expect(socket.subscribe('{ me { id } }').next()).resolves.toMatchObject({
      value: { data: { me: { id: 'alice' } } },
    });
    expect(watches.started).toBe(0);
    await app.service.revokeSessionKey(key);
    expect(await codesOf(socket, '{ me { id } }')).toEqual(['COINFLOW_SESSION_REVOKED']);
  });

  it('is watched until the client leaves, once for its subscriptions', async () => {
    const changes = await start();
    const watches = countWatches();
    const socket = await app.connect({ sessionKey: keyOf('alice') });
    await listen(changes, socket);
    await listen(changes, socket);
    expect(watches).toEqual({ started: 1, open: 1 });
    await socket.client.dispose();
    await until(() => watches.open === 0);
    await until(() => changes.listeners === 0);
  });

  it('is closed when one of the sessions of its subscriptions ends', async () => {
    const changes = await start({
      named: { name: 'eu', options: (options) => ({ ...options, extractor: SessionKeyExtractors.fromBearer() }) },
    });
    const eu = keyOf('bob');
    const socket = await app.connect({
      'x-coinflow-auth-session-key': keyOf('alice'),
      authorization: `Bearer ${eu}`,
    });
    await listen(changes, socket);
    await listen(changes, socket, 'subscription { euChanges { id } }');
    expect(changes.subscribers).toEqual(['alice', 'bob']);
    await app.app.get<CoinflowAuthService>(instanceToken('service', 'eu')).revokeSessionKey(eu);
    await expect(socket.closed).resolves.toEqual([4401, 'COINFLOW_SESSION_REVOKED']);
  });

  it('refuses the field resolvers of each event after the session has ended', async () => {
    const changes = await start();
    const key = keyOf('alice');
    const socket = await app.connect({ sessionKey: key });
    const results = await listen(changes, socket, 'subscription { publicChanges { id balance } }');
    changes.emit('bob');
    await expect(results.next()).resolves.toMatchObject({
      value: { data: { publicChanges: { balance: 'bob: balance of alice' } } },
    });
    await app.service.revokeSessionKey(key);
    changes.emit('carol');
    await expect(results.next()).resolves.toMatchObject({
      value: {
        data: { publicChanges: { id: 'carol', balance: null } },
        errors: [{ extensions: { code: 'COINFLOW_SESSION_REVOKED' } }],
      },
    });
  });

  it.each<[described: string, context: (context: { extra: { request: object }; connectionParams?: object }) => object]>(
    [
      ['the part extra as the request', ({ extra }) => ({ req: extra })],
      ['the context itself as the context of operations', (context) => ({ ...context })],
      [
        'the request and the socket beside the connectionParams',
        ({ extra, connectionParams }) => ({ ...extra, connectionParams }),
      ],
    ],
  )('is closed also with a context function that returns %s', async (_, context) => {
    const changes = await start({
      graphql: { context: (one: { extra?: object }) => (one.extra ? context(one as never) : one) },
    });
    const key = keyOf('alice');
    const socket = await app.connect({ sessionKey: key }, { 'x-coinflow-auth-session-key': key });
    await listen(changes, socket);
    await app.service.revokeSubject({ userId: 'alice' });
    await expect(socket.closed).resolves.toEqual([4401, 'COINFLOW_SESSION_REVOKED']);
  });

  it('refuses subscriptions if the context function hides the socket', async () => {
    const changes = await start({
      graphql: { context: ({ extra }: { extra: { request: object } }) => ({ req: extra.request }) },
    });
    const socket = await app.connect({}, { 'x-coinflow-auth-session-key': keyOf('alice') });
    expect(await codesOf(socket)).toEqual(['COINFLOW_MISCONFIGURED']);
    expect(changes.subscribers).toEqual([]);
  });
});

it('a subscription over HTTP runs no handler', async () => {
  const changes = await start();
  const answer = await app.query(CHANGES, keyOf('alice'));
  expect(answer.data).toBeNull();
  expect(changes.subscribers).toEqual([]);
  expect(changes.listeners).toBe(0);
});
