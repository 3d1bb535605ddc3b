import { afterEach, describe, expect, it } from '@jest/globals';
import { PLATFORMS, foreignKey, forge, unseenKey } from '../harness/create-test-app.js';
import { createSampleApp, type SampleApp, type SampleAppOptions } from '../harness/create-sample-app.js';
import { EventStream } from '../harness/event-stream.js';
import { until } from '../harness/until.js';
import { walletOn } from '../harness/wallets.js';
import { LoginLimitGuard } from '../../apps/sample/src/login/login-limit.guard.js';

const WEBHOOK_KEY = 'webhook-key';
const WITH_WEBHOOKS = { COINFLOW_WEBHOOK_VALIDATION_KEY: `${WEBHOOK_KEY}, old-key` };

describe.each(PLATFORMS)('the sample on %s', (platform) => {
  let app: SampleApp;

  afterEach(() => app.close());

  async function start(options: Omit<SampleAppOptions, 'platform'> = {}): Promise<SampleApp> {
    return (app = await createSampleApp({ platform, ...options }));
  }

  it('logs a user in, creates a session key and accepts it at its routes', async () => {
    const { send, get, sessionKey, coinflow } = await start();
    const key = await sessionKey('alice');
    expect(await get('/me', key)).toMatchObject({
      status: 200,
      body: {
        subject: { kind: 'user', userId: 'alice' },
        merchantId: 'demo-merchant',
        expiresAt: expect.stringMatching(/^2/),
        balance: { cents: 0, currency: 'USD' },
      },
    });
    expect(await get('/catalog', key)).toMatchObject({ status: 200, body: { member: true } });
    expect(coinflow.countCalls('verify')).toBe(0);

    const pay = () =>
      send('/payouts', {
        method: 'POST',
        headers: { 'x-coinflow-auth-session-key': key },
        body: { cents: 1_500, currency: 'USD' },
      });
    expect(await pay()).toMatchObject({
      status: 201,
      body: { cents: 1_500, currency: 'USD', to: { userId: 'alice' } },
    });
    coinflow.clearCalls();
    expect(await pay()).toMatchObject({ status: 201 });
    expect(coinflow.countCalls('verify')).toBe(1);
  });

  it.each([
    ['no key', 'COINFLOW_SESSION_KEY_MISSING', () => Promise.resolve(undefined)],
    ['a forged key', 'COINFLOW_SESSION_REJECTED', async () => forge(await app.sessionKey('alice'))],
    [
      'an expired key',
      'COINFLOW_SESSION_KEY_EXPIRED',
      () => Promise.resolve(unseenKey(app.coinflow, { exp: 1_700_000_000 })),
    ],
    ['a key of another merchant', 'COINFLOW_SESSION_WRONG_MERCHANT', () => Promise.resolve(foreignKey(app.coinflow))],
  ])('rejects a request with %s', async (_, code, keyFor) => {
    await start();
    const key = await keyFor();
    expect(await app.get('/me', key)).toMatchObject({ status: 401, body: { code } });
    if (key) expect(await app.get('/catalog', key)).toMatchObject({ status: 401, body: { code } });
  });

  it('returns the plain and the attested key, and logs out with either', async () => {
    const { send, get, login, coinflow } = await start();
    const headers = { authorization: `Bearer ${await login('alice')}` };
    const { body } = await send('/coinflow/session-key', { headers });
    const { key, attestedKey, expiresAt } = body as { key: string; attestedKey: string; expiresAt: string };
    expect(attestedKey).toMatch(new RegExp(`^${key}~[\\w-]{43}$`));
    expect(Date.parse(expiresAt)).toBeGreaterThan(Date.now());
    expect(await get('/me', attestedKey)).toMatchObject({ status: 200, body: { subject: { userId: 'alice' } } });

    const logOut = (sessionKey?: string) =>
      send('/auth/logout', {
        method: 'POST',
        headers: sessionKey ? { 'x-coinflow-auth-session-key': sessionKey } : {},
      });
    expect(await logOut()).toMatchObject({ status: 401, body: { code: 'COINFLOW_SESSION_KEY_MISSING' } });
    expect(await logOut(forge(key))).toMatchObject({ status: 401, body: { code: 'COINFLOW_SESSION_REJECTED' } });
    expect(await logOut(attestedKey)).toMatchObject({ status: 204, text: '' });
    for (const sessionKey of [key, attestedKey]) {
      expect(await get('/me', sessionKey)).toMatchObject({ status: 401, body: { code: 'COINFLOW_SESSION_REVOKED' } });
      expect(await logOut(sessionKey)).toMatchObject({ status: 401 });
    }
    // The user can log in again.
    coinflow.setClockOffset(2_000);
    const again = (await send('/coinflow/session-key', { headers })).body as { key: string };
    expect(again.key).not.toBe(key);
    expect(await get('/me', again.key)).toMatchObject({ status: 200 });
  });

  it('returns its metrics to this machine only', async () => {
    const { get, send, sessionKey } = await start();
    await get('/me', await sessionKey('alice'));
    expect(await get('/coinflow/metrics')).toMatchObject({
      status: 200,
      headers: { 'cache-control': 'no-store' },
      body: { decisions: { total: 1, byDecidedBy: { cache: 1 } }, upstream: { sessionKey: { attempts: 1 } } },
    });
    const { port } = new URL(app.url);
    const fromElsewhere: Record<string, string>[] = [
      { host: 'merchant.example.com' },
      { host: `127.0.0.1.example.com:${port}` },
      { 'x-forwarded-for': '203.0.113.7' },
      { forwarded: 'for=203.0.113.7' },
    ];
    for (const headers of fromElsewhere) {
      expect(await send('/coinflow/metrics', { headers })).toMatchObject({ status: 403 });
    }
    expect(await send('/coinflow/metrics', { headers: { host: `localhost:${port}` } })).toMatchObject({ status: 200 });
  });

  it('returns the catalog without a session at higher prices', async () => {
    const { get } = await start();
    expect(await get('/catalog')).toMatchObject({
      status: 200,
      body: { member: false, products: [{ cents: 300 }, {}] },
    });
  });

  it('creates a session key for the logged-in user only', async () => {
    const { send, get, login, coinflow } = await start();
    expect(await get('/coinflow/session-key')).toMatchObject({ status: 401 });
    expect(await send('/coinflow/session-key', { headers: { authorization: 'Bearer garbage' } })).toMatchObject({
      status: 401,
    });
    const headers = { authorization: `Bearer ${await login('alice')}` };
    const answer = await send('/coinflow/session-key?userId=bob', { headers });
    expect(answer).toMatchObject({ status: 200, headers: { 'cache-control': 'no-store' } });
    expect(coinflow.calls.at(-1)).toMatchObject({
      headers: { 'x-coinflow-auth-user-id': 'alice', 'x-coinflow-client-ip': '127.0.0.1' },
    });
  });

  it('responds with 503 while Coinflow cannot create keys', async () => {
    const { send, login, coinflow } = await start();
    const headers = { authorization: `Bearer ${await login('alice')}` };
    coinflow.fail('session-key', { kind: 'reset' });
    const answer = await send('/coinflow/session-key', { headers });
    expect(answer).toMatchObject({
      status: 503,
      body: { code: 'COINFLOW_UNAVAILABLE' },
      headers: { 'retry-after': '5' },
    });
  });

  it.each([
    [401, { username: 'alice', password: 'wrong' }],
    [401, { username: 'nobody', password: 'alice-demo' }],
    [401, { username: '__proto__', password: 'x' }],
    [400, { username: 'alice' }],
    [400, { username: 'alice', password: 'alice-demo', admin: true }],
    [400, { username: ['alice'], password: 'alice-demo' }],
  ])('responds with %d to the login %j', async (status, body) => {
    const { send } = await start();
    expect(await send('/auth/login', { method: 'POST', body })).toMatchObject({ status });
  });

  it('limits the logins of one address', async () => {
    const { send } = await start();
    const login = () => send('/auth/login', { method: 'POST', body: { username: 'alice', password: 'wrong' } });
    const statuses = (await Promise.all(Array.from({ length: 21 }, login))).map(({ status }) => status);
    expect(statuses.filter((status) => status === 401)).toHaveLength(20);
    expect((await login()).headers['retry-after']).toMatch(/^\d+$/);
  });

  it('counts the logins of an IPv6 /64 together', async () => {
    const { send } = await start({ env: { TRUST_PROXY: '1' } });
    const login = async (address: string): Promise<number> => {
      const headers = { 'x-forwarded-for': address };
      return (await send('/auth/login', { method: 'POST', headers, body: { username: 'alice', password: 'x' } }))
        .status;
    };
    for (let i = 1; i <= 20; i += 1) expect(await login(`2001:db8:1:2::${i}`)).toBe(401);
    expect([await login('2001:DB8:1:2:ffff::9'), await login('2001:db8:1:3::1')]).toEqual([429, 401]);
  });

  it('distinguishes clients behind the proxies of TRUST_PROXY only', async () => {
    const statusOf = async (address: string): Promise<number> => {
      const headers = { 'x-forwarded-for': address, 'x-coinflow-auth-session-key': forgedKey() };
      return (await app.send('/me', { headers })).status;
    };
    let serial = 0;
    const forgedKey = (): string => forge(unseenKey(app.coinflow, { customerId: `forged-${(serial += 1)}` }));
    const statuses = async (): Promise<number[]> => {
      for (let i = 0; i < 10; i += 1) await statusOf(`10.0.0.${i}, 203.0.113.7`);
      return [await statusOf('203.0.113.7'), await statusOf('203.0.113.8')];
    };
    for (const trusted of ['1', 'loopback', 'true']) {
      await start({ env: { TRUST_PROXY: trusted } });
      // If all proxies are trusted, each client can forge its address.
      expect([trusted, ...(await statuses())]).toEqual([trusted, trusted === 'true' ? 401 : 429, 401]);
      const warnings = app.logger.at('warn').filter((line) => line.includes('lets every client forge its address'));
      expect(warnings).toHaveLength(trusted === 'true' ? 1 : 0);
      await app.close();
    }
    await start();
    expect(await statuses()).toEqual([401, 401]);
  });

  it('does not start with an invalid TRUST_PROXY', async () => {
    const started = createSampleApp({ platform, env: { TRUST_PROXY: 'my-proxy' } });
    await expect(started).rejects.toThrow('TRUST_PROXY is "my-proxy". Set it to a number of proxies');
    expect(process.env.TRUST_PROXY).toBeUndefined();
    await start();
  });

  it('lets a test remove the login limit', async () => {
    const { login } = await start({
      override: (b) => b.overrideGuard(LoginLimitGuard).useValue({ canActivate: () => true }),
    });
    const tokens = await Promise.all(Array.from({ length: 25 }, () => login('bob')));
    expect(tokens.every((token) => token.split('.').length === 3)).toBe(true);
  });

  it('disables the demo users in production unless they are allowed', async () => {
    const login = () =>
      app.send('/auth/login', { method: 'POST', body: { username: 'alice', password: 'alice-demo' } });
    await start({ env: { COINFLOW_ENV: 'prod' } });
    expect(await login()).toMatchObject({ status: 403 });
    await app.close();
    await start({ env: { COINFLOW_ENV: 'prod', SAMPLE_ALLOW_DEMO_LOGIN: '1' } });
    expect(await login()).toMatchObject({ status: 200 });
  });

  it('rejects an access token of another JWT_SECRET', async () => {
    await start({ env: { JWT_SECRET: 'first' } });
    const headers = { authorization: `Bearer ${await app.login('alice')}` };
    await app.close();
    await start({ env: { JWT_SECRET: 'second' } });
    expect(await app.send('/coinflow/session-key', { headers })).toMatchObject({ status: 401 });
  });

  it.each([{ cents: 0 }, { cents: 1.5 }, { cents: '100' }, { currency: 'EURO' }, { to: 'bob' }])(
    'responds to a payout of %j with 400',
    async (wrong) => {
      const { send, sessionKey } = await start();
      const headers = { 'x-coinflow-auth-session-key': await sessionKey('alice') };
      const body = { cents: 100, currency: 'USD', ...wrong };
      expect(await send('/payouts', { method: 'POST', headers, body })).toMatchObject({ status: 400 });
    },
  );

  describe('with a webhook key', () => {
    const balanceOf = async (key: string): Promise<unknown> =>
      ((await app.get('/me', key)).body as { balance: unknown }).balance;
    const settle = (
      data: Record<string, unknown>,
      eventType = 'Settled',
    ): ReturnType<SampleApp['coinflow']['sendWebhook']> =>
      app.coinflow.sendWebhook({ eventType, data }, { attempts: 1, newCreated: true });

    async function startWithWebhooks(version?: 2 | 3): Promise<void> {
      await start({ env: WITH_WEBHOOKS });
      app.coinflow.registerWebhook({ url: `${app.url}/webhooks/coinflow`, key: WEBHOOK_KEY, version });
    }

    it('credits a settled payment to the user once', async () => {
      await startWithWebhooks();
      const [alice, bob] = [await app.sessionKey('alice'), await app.sessionKey('bob')];
      const payment = { id: 'p1', customerId: 'alice', subtotal: { cents: 1_500 } };
      expect(await settle(payment)).toMatchObject([{ acknowledged: true }]);
      expect(await balanceOf(alice)).toEqual({ cents: 1_500, currency: 'USD' });
      await settle(payment);
      await settle({ ...payment, id: 'p1' }, 'Disbursed Funds');
      expect(await balanceOf(alice)).toEqual({ cents: 1_500, currency: 'USD' });
      await settle({ ...payment, id: 'p2', subtotal: { cents: 1, currency: 'USD' } });
      expect(await balanceOf(alice)).toEqual({ cents: 1_501, currency: 'USD' });
      expect(await balanceOf(bob)).toEqual({ cents: 0, currency: 'USD' });
    });

    it('streams the balance of a user until the user logs out', async () => {
      await startWithWebhooks();
      const [alice, bob] = [await app.sessionKey('alice'), await app.sessionKey('bob')];
      const open = (key: string): Promise<EventStream> =>
        EventStream.open(`${app.url}/me/balance`, { 'x-coinflow-auth-session-key': key });
      const [stream, other] = [await open(alice), await open(bob)];
      await Promise.all([stream.until('balance'), other.until('balance')]);
      await settle({ id: 'p1', customerId: 'alice', subtotal: { cents: 1_500 } });
      await stream.until('balance', (events) => events.length === 2);
      await settle({ id: 'p1', customerId: 'alice', subtotal: { cents: 1_500 } });
      await settle({ id: 'p2', customerId: 'alice', subtotal: { cents: 5 } });
      await stream.until('balance', (events) => events.length === 3);
      const balances = [0, 1_500, 1_505].map((cents) => ({ cents, currency: 'USD' }));
      expect(stream.events('balance')).toEqual(balances);
      const headers = { 'x-coinflow-auth-session-key': alice };
      expect((await app.send('/auth/logout', { method: 'POST', headers })).status).toBe(204);
      await until(() => stream.hasEnded);
      expect([other.events('balance'), other.hasEnded]).toEqual([[balances[0]], false]);
      expect((await open(alice)).response.statusCode).toBe(401);
      other.close();
    });

    it('ends the streams when the application stops', async () => {
      await startWithWebhooks();
      const headers = { 'x-coinflow-auth-session-key': await app.sessionKey('alice') };
      const stream = await EventStream.open(`${app.url}/me/balance`, headers);
      await stream.until('balance');
      await Promise.all([app.close(), until(() => stream.hasEnded)]);
      await start();
    });

    it('credits a wallet of version 2 in any case after it has logged in', async () => {
      await startWithWebhooks(2);
      const { address, sign } = walletOn('eth');
      const payment = { id: 'p1', wallet: address.toUpperCase().replace('0X', '0x'), subtotal: { cents: 7 } };
      expect(await settle(payment)).toMatchObject([{ attempts: [{ status: 500 }] }]);
      const post = (path: string, body: object) => app.send(`/coinflow/wallet/${path}`, { method: 'POST', body });
      const wallet = { wallet: address, blockchain: 'eth' };
      const { message } = (await post('message', wallet)).body as { message: string };
      const loggedIn = await post('session-key', { ...wallet, signedMessage: await sign(message) });
      // Coinflow retries events that are not acknowledged.
      expect(await settle(payment)).toMatchObject([{ acknowledged: true }]);
      expect(await balanceOf((loggedIn.body as { key: string }).key)).toEqual({ cents: 7, currency: 'USD' });
    });

    it.each<[string, Record<string, unknown>]>([
      ['of an unknown user', { customerId: 'carol' }],
      ['of an unknown user who names a wallet too', { customerId: 'carol', wallet: 'alice' }],
      ['of the user "undefined"', { customerId: 'undefined' }],
      ['of the user "null"', { customerId: 'null' }],
      ['of the user null', { customerId: null }],
      ['of the user ""', { customerId: '' }],
      ['of a list of users', { customerId: ['alice'] }],
      ['of the wallet null', { customerId: null, wallet: null }],
      ['of the wallet ""', { customerId: null, wallet: '' }],
      [
        'of a wallet that has not logged in',
        { customerId: null, wallet: '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed' },
      ],
      ['in another currency', { subtotal: { cents: 5, currency: 'EUR' } }],
      ['of half a cent', { subtotal: { cents: 0.5 } }],
      ['without an amount', { subtotal: null }],
      ['whose id is a number', { id: 5 }],
    ])('rejects a payment %s, and credits the corrected event', async (_, wrong) => {
      await startWithWebhooks();
      const alice = await app.sessionKey('alice');
      const payment = { id: 'p1', customerId: 'alice', subtotal: { cents: 5 } };
      expect(await settle({ ...payment, ...wrong })).toMatchObject([{ attempts: [{ status: 500 }] }]);
      expect(await balanceOf(alice)).toEqual({ cents: 0, currency: 'USD' });
      expect(await settle(payment)).toMatchObject([{ acknowledged: true }]);
      expect(await balanceOf(alice)).toEqual({ cents: 5, currency: 'USD' });
    });

    it('rejects a payment of a demo user in production', async () => {
      await start({ env: { ...WITH_WEBHOOKS, COINFLOW_ENV: 'prod' } });
      app.coinflow.registerWebhook({ url: `${app.url}/webhooks/coinflow`, key: WEBHOOK_KEY });
      const payment = { id: 'p1', customerId: 'alice', subtotal: { cents: 5 } };
      expect(await settle(payment)).toMatchObject([{ attempts: [{ status: 500 }] }]);
    });

    it('ignores a forged webhook', async () => {
      await startWithWebhooks();
      const [result] = await app.coinflow.sendWebhook({ eventType: 'Settled' }, { attempts: 1, key: 'other' });
      expect(result?.attempts).toMatchObject([{ status: 401 }]);
      expect(await balanceOf(await app.sessionKey('alice'))).toEqual({ cents: 0, currency: 'USD' });
    });
  });

  it('serves the shop as a GraphQL API', async () => {
    await start({ env: WITH_WEBHOOKS });
    app.coinflow.registerWebhook({ url: `${app.url}/webhooks/coinflow`, key: WEBHOOK_KEY });
    const key = await app.sessionKey('alice');
    const query = (text: string, sessionKey = key): ReturnType<SampleApp['send']> =>
      app.send('/graphql', {
        method: 'POST',
        headers: { 'x-coinflow-auth-session-key': sessionKey },
        body: { query: text },
      });
    const payment = { id: 'p1', customerId: 'alice', subtotal: { cents: 700 } };
    await app.coinflow.sendWebhook({ eventType: 'Settled', data: payment });
    const me = await query('{ me { userId wallet expiresAt balance { cents currency } } }');
    expect(me).toMatchObject({
      status: 200,
      body: {
        data: {
          me: {
            userId: 'alice',
            wallet: null,
            expiresAt: expect.stringMatching(/^2/),
            balance: { cents: 700, currency: 'USD' },
          },
        },
      },
    });
    const payout = 'mutation { createPayout(cents: 500, currency: "USD") { id cents currency } }';
    await query(payout);
    app.coinflow.clearCalls();
    expect((await query(payout)).body).toMatchObject({ data: { createPayout: { cents: 500, currency: 'USD' } } });
    expect(app.coinflow.countCalls('verify')).toBe(1);
    expect((await query(payout.replace('500', '0'))).body).toMatchObject({
      errors: [{ message: 'Bad Request Exception' }],
    });
    for (const [sessionKey, code] of [
      ['', 'COINFLOW_SESSION_KEY_MISSING'],
      [foreignKey(app.coinflow), 'COINFLOW_SESSION_WRONG_MERCHANT'],
    ] as const) {
      const refused = await query('{ me { userId } }', sessionKey);
      expect(refused.status).toBe(401);
      expect(refused.body).toMatchObject({ data: null, errors: [{ extensions: { code } }] });
    }
  });

  it('has no webhook route without a webhook key', async () => {
    const { send } = await start();
    expect(await send('/webhooks/coinflow', { method: 'POST', body: {} })).toMatchObject({ status: 404 });
  });

  it('describes its API in OpenAPI', async () => {
    const { get } = await start({ env: WITH_WEBHOOKS });
    expect((await get('/docs-json')).body).toMatchSnapshot('OpenAPI');
  });

  it('serves its health and Swagger UI', async () => {
    const { get } = await start();
    expect(await get('/health')).toMatchObject({ status: 200, body: { status: 'ok' } });
    expect((await get('/docs')).text).toContain('swagger-ui');
    expect(await get('/docs/swagger-ui-bundle.js')).toMatchObject({ status: 200 });
  });
});
