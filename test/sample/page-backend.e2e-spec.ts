import type { Server } from 'node:http';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { DemoDecision, DemoDelivery } from '../../apps/sample/page/backend/demo-api.js';
import { Users } from '../../apps/sample/src/ledger/users.js';
import { createSampleApp, type SampleApp, type SampleAppOptions } from '../harness/create-sample-app.js';
import { PLATFORMS, unseenKey } from '../harness/create-test-app.js';
import { EventStream } from '../harness/event-stream.js';
import type { SentResponse } from '../harness/send.js';
import { until } from '../harness/until.js';

const WEBHOOK_KEY = 'canary_webhook_key_9c41';
const WITH_WEBHOOKS = { COINFLOW_WEBHOOK_VALIDATION_KEY: WEBHOOK_KEY };
const HEALTHY = { condition: 'healthy', checkout: 'healthy', lifetimeSeconds: 86_400, clockOffsetMs: 0 };
const CHECKOUT = 'POST /checkout/card/{merchantId}';
const ALICE = { kind: 'user', userId: 'alice' };
const WALLET = { kind: 'wallet', wallet: '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed', blockchain: 'eth' };

describe.each(PLATFORMS)('the backend of the page on %s', (platform) => {
  let app: SampleApp;
  const streams: EventStream[] = [];

  afterEach(async () => {
    for (const stream of streams.splice(0)) stream.close();
    await app.close();
  });

  async function start(options: Omit<SampleAppOptions, 'platform'> = {}): Promise<SampleApp> {
    app = await createSampleApp({ platform, ...options });
    if (options.env?.COINFLOW_WEBHOOK_VALIDATION_KEY) {
      app.coinflow.registerWebhook({ url: `${app.url}/webhooks/coinflow`, key: WEBHOOK_KEY });
    }
    return app;
  }

  async function listen(): Promise<EventStream> {
    const stream = await EventStream.open(`${app.url}/demo/events`);
    streams.push(stream);
    await stream.until('coinflow');
    return stream;
  }

  const change = (body: object): Promise<SentResponse> => app.send('/demo/coinflow', { method: 'PATCH', body });
  const createKey = (kind: string): Promise<SentResponse> => app.send('/demo/keys', { method: 'POST', body: { kind } });
  const deliver = (kind: string, subject: object = ALICE): Promise<SentResponse> =>
    app.send('/demo/webhooks', { method: 'POST', body: { kind, subject } });
  const keyOf = async (kind: string): Promise<string> => ((await createKey(kind)).body as { key: string }).key;
  const decisionsOf = (stream: EventStream): DemoDecision[] => (stream.events('decisions') as DemoDecision[][]).flat();

  it('returns the environment, the emulator settings and the demo users', async () => {
    await start({ env: WITH_WEBHOOKS });
    expect(await app.get('/demo/state')).toMatchObject({
      status: 200,
      headers: { 'cache-control': 'no-store' },
      body: {
        env: 'local',
        merchantId: 'demo-merchant',
        coinflow: HEALTHY,
        webhooks: true,
        users: [
          { username: 'alice', password: 'alice-demo' },
          { username: 'bob', password: 'bob-demo' },
        ],
      },
    });
  });

  it('returns demo users that can log in, and none in production', async () => {
    await start();
    const { users } = (await app.get('/demo/state')).body as { users: object[] };
    for (const body of users)
      expect(await app.send('/auth/login', { method: 'POST', body })).toMatchObject({ status: 200 });
    await app.close();
    await start({ env: { COINFLOW_ENV: 'prod' } });
    expect(await app.get('/demo/state')).toMatchObject({ body: { env: 'prod', users: [], coinflow: null } });
  });

  describe('PATCH /demo/coinflow', () => {
    it.each([
      ['outage', 503],
      ['rate-limited', 503],
    ])(
      'makes requests that need Coinflow fail in the condition %s with %d until it is healthy again',
      async (condition, status) => {
        const { coinflow, get } = await start();
        expect(await change({ condition })).toMatchObject({ status: 200, body: { ...HEALTHY, condition } });
        expect(await get('/me', unseenKey(coinflow))).toMatchObject({ status });
        expect(await get('/demo/state')).toMatchObject({ body: { coinflow: { condition } } });
        expect(await change({ condition: 'healthy' })).toMatchObject({ status: 200, body: HEALTHY });
        expect((await get('/demo/state')).body).toMatchObject({ coinflow: HEALTHY });
      },
    );

    it.each(['slow', 'unresponsive'])(
      'sets the condition %s on each endpoint of the emulator and heals it',
      async (condition) => {
        const { coinflow } = await start();
        expect(await change({ condition })).toMatchObject({ status: 200, body: { condition } });
        const state = (await (await fetch(`${coinflow.url}/_emulator/state`)).json()) as { faults: object[] };
        const kind = condition === 'slow' ? 'delay' : 'hang';
        expect(state.faults).toEqual(
          ['message', 'session-key', 'verify', CHECKOUT].map((endpoint) => ({
            endpoint,
            kind,
            remaining: null,
          })),
        );
        expect(await change({ condition: 'healthy' })).toMatchObject({ body: HEALTHY });
      },
    );

    it('sets the condition of checkouts beside that of the other endpoints', async () => {
      const { coinflow } = await start();
      const faults = async (): Promise<unknown> =>
        ((await (await fetch(`${coinflow.url}/_emulator/state`)).json()) as { faults: object[] }).faults;
      const lost = { endpoint: CHECKOUT, kind: 'reset', afterProcessing: true };
      expect(await change({ checkout: 'response-lost' })).toMatchObject({
        status: 200,
        body: { ...HEALTHY, checkout: 'response-lost' },
      });
      expect(await faults()).toMatchObject([lost]);
      expect(await change({ condition: 'outage' })).toMatchObject({
        body: { condition: 'outage', checkout: 'response-lost' },
      });
      expect(await faults()).toMatchObject([{}, {}, { endpoint: 'verify', kind: 'status' }, lost]);
      expect(await change({ condition: 'healthy', checkout: 'user-blocked' })).toMatchObject({
        body: { ...HEALTHY, checkout: 'user-blocked' },
      });
      expect(await faults()).toEqual([]);
      expect(await change({ lifetimeSeconds: 20 })).toMatchObject({ body: { checkout: 'user-blocked' } });
      expect(await change({ checkout: 'healthy' })).toMatchObject({ body: { ...HEALTHY, lifetimeSeconds: 20 } });
      expect(await (await fetch(`${coinflow.url}/_emulator/state`)).json()).toMatchObject({ responses: [] });
    });

    it('changes the key lifetime and the clock of the emulator', async () => {
      await start();
      expect(await change({ lifetimeSeconds: 20, clockOffsetMs: -60_000 })).toMatchObject({
        status: 200,
        body: { condition: 'healthy', lifetimeSeconds: 20, clockOffsetMs: -60_000 },
      });
      expect(await change({ condition: 'outage' })).toMatchObject({ body: { lifetimeSeconds: 20 } });
    });

    it('keeps the other issuance options when it changes the key lifetime', async () => {
      const { coinflow } = await start();
      coinflow.setIssuance({ form: 'opaque', claims: { customerId: 42 } });
      await change({ lifetimeSeconds: 20 });
      const state = await (await fetch(`${coinflow.url}/_emulator/state`)).json();
      expect(state).toMatchObject({
        issuance: { form: 'opaque', claims: { customerId: 42 }, lifetimeSeconds: 20 },
      });
    });

    it('runs concurrent changes one after the other', async () => {
      await start();
      const conditions = ['outage', 'healthy', 'unresponsive', 'healthy', 'slow', 'rate-limited'];
      const changed = await Promise.all(conditions.map((condition) => change({ condition })));
      expect(changed.map(({ body }) => body)).toEqual(conditions.map((condition) => ({ ...HEALTHY, condition })));
    });

    it.each<[string, string, object]>([
      ['PATCH', 'coinflow', { condition: 'odd' }],
      ['PATCH', 'coinflow', { checkout: 'odd' }],
      ['PATCH', 'coinflow', { lifetimeSeconds: 0 }],
      ['PATCH', 'coinflow', { clockOffsetMs: 86_400_001 }],
      ['PATCH', 'coinflow', { other: 1 }],
      ['POST', 'keys', {}],
      ['POST', 'keys', { kind: 'forged' }],
      ['POST', 'webhooks', { kind: 'settled' }],
      ['POST', 'webhooks', { kind: 'refund', subject: ALICE }],
      ['POST', 'webhooks', { kind: 'settled', subject: { kind: 'user' } }],
      ['POST', 'webhooks', { kind: 'settled', subject: { kind: 'wallet', userId: 'alice' } }],
      ['POST', 'webhooks', { kind: 'settled', subject: { kind: 'user', userId: { $gt: '' } } }],
    ])('responds to %s %s with the body %j with 400', async (method, path, body) => {
      await start({ env: WITH_WEBHOOKS });
      expect(await app.send(`/demo/${path}`, { method, body })).toMatchObject({ status: 400 });
    });
  });

  it('creates keys of another merchant and expired keys, which the guard rejects without a call', async () => {
    const { get, coinflow } = await start();
    const foreign = await createKey('foreign');
    expect(foreign).toMatchObject({ status: 200, headers: { 'cache-control': 'no-store' } });
    expect(await get('/me', await keyOf('foreign'))).toMatchObject({
      status: 401,
      body: { code: 'COINFLOW_SESSION_WRONG_MERCHANT' },
    });
    expect(await get('/me', await keyOf('expired'))).toMatchObject({
      status: 401,
      body: { code: 'COINFLOW_SESSION_KEY_EXPIRED' },
    });
    expect(coinflow.countCalls('verify')).toBe(0);
  });

  describe('POST /demo/webhooks', () => {
    it.each([
      ['a user', ALICE, { customerId: 'alice' }],
      ['a wallet', WALLET, { customerId: undefined, wallet: WALLET.wallet, blockchain: 'eth' }],
    ])('credits an event to %s once, ignores its duplicate and rejects a forged one', async (_, subject, claims) => {
      const { app: nest, get, coinflow } = await start({ env: WITH_WEBHOOKS });
      const key = unseenKey(coinflow, claims);
      // The login of a user does this too.
      await nest.get(Users).add(subject);
      const balance = async (): Promise<unknown> => ((await get('/me', key)).body as { balance: unknown }).balance;
      expect(await deliver('settled', subject)).toMatchObject({ status: 200, body: { statuses: [200] } });
      expect(await balance()).toMatchObject({ cents: 500 });
      expect(await deliver('duplicate', subject)).toMatchObject({ status: 200, body: { statuses: [200, 200] } });
      expect(await balance()).toMatchObject({ cents: 1_000 });
      expect(await deliver('forged', subject)).toMatchObject({ status: 200, body: { statuses: [401] } });
      expect(await balance()).toMatchObject({ cents: 1_000 });
    });

    it('returns to each of several concurrent requests the statuses of its own event', async () => {
      await start({ env: WITH_WEBHOOKS });
      const kinds = ['settled', 'duplicate', 'forged', 'settled'];
      const answers = await Promise.all(kinds.map((kind) => deliver(kind)));
      expect(answers.map(({ body }) => (body as DemoDelivery).statuses)).toEqual([[200], [200, 200], [401], [200]]);
    });

    it('responds with 404 without a webhook key and with 409 without a registered endpoint', async () => {
      await start();
      expect(await app.get('/demo/state')).toMatchObject({ body: { webhooks: false } });
      expect(await deliver('settled')).toMatchObject({
        status: 404,
        body: { message: 'Webhooks are off: set COINFLOW_WEBHOOK_VALIDATION_KEY.' },
      });
      await app.close();
      await start({ env: WITH_WEBHOOKS });
      app.coinflow.clearWebhooks();
      expect(await deliver('settled')).toMatchObject({ status: 409 });
    });
  });

  describe('without the emulator', () => {
    it.each<[string, Record<string, string>]>([
      ['another environment', { COINFLOW_ENV: 'sandbox' }],
      ['another machine', { COINFLOW_BASE_URL: 'https://coinflow.invalid' }],
      ['an unreachable base URL', { COINFLOW_BASE_URL: 'http://127.0.0.1:9' }],
    ])('returns the state without emulator settings for %s, and 404 for its commands', async (_, env) => {
      const { coinflow, get } = await start({ env: { ...WITH_WEBHOOKS, ...env } });
      expect(await get('/demo/state')).toMatchObject({ status: 200, body: { coinflow: null } });
      const stream = await listen();
      expect(stream.events('coinflow')).toEqual([null]);
      const body = { message: expect.stringMatching(/^The sample does not use the emulator/) };
      for (const answer of [change({ condition: 'outage' }), createKey('foreign'), deliver('settled')]) {
        expect(await answer).toMatchObject({ status: 404, body });
      }
      const state = (await (await fetch(`${coinflow.url}/_emulator/state`)).json()) as { faults: object[] };
      expect(state.faults).toEqual([]);
    });
  });

  describe('access control', () => {
    const ROUTES = [
      ['GET', 'state', undefined],
      ['GET', 'events', undefined],
      ['PATCH', 'coinflow', { condition: 'outage' }],
      ['POST', 'keys', { kind: 'foreign' }],
      ['POST', 'webhooks', { kind: 'settled', subject: ALICE }],
    ] as const;

    it.each<Record<string, string>>([
      { 'x-forwarded-for': '203.0.113.7' },
      { forwarded: 'for=203.0.113.7' },
      { host: 'merchant.example.com' },
      { origin: 'http://merchant.example.com' },
      { origin: 'null' },
      { origin: 'http://127.0.0.1:1' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
    ])('rejects requests of other machines and pages of other origins with the headers %j', async (headers) => {
      await start({ env: WITH_WEBHOOKS });
      for (const [method, path, body] of ROUTES) {
        expect([path, (await app.send(`/demo/${path}`, { method, headers, body })).status]).toEqual([path, 403]);
      }
      expect(await app.get('/demo/state')).toMatchObject({ body: { coinflow: HEALTHY } });
    });

    it('accepts requests of its own page', async () => {
      await start({ env: WITH_WEBHOOKS });
      const headers = { origin: app.url, 'sec-fetch-site': 'same-origin' };
      for (const [method, path, body] of ROUTES.filter(([, name]) => name !== 'events')) {
        expect([path, (await app.send(`/demo/${path}`, { method, headers, body })).status]).toEqual([path, 200]);
      }
      const stream = await EventStream.open(`${app.url}/demo/events`, { 'sec-fetch-site': 'same-origin' });
      streams.push(stream);
      expect(stream.response.statusCode).toBe(200);
    });

    it.each(['application/x-www-form-urlencoded', 'text/plain', 'application/jsonp', ''])(
      'rejects the content type "%s", which a form on any page could send',
      async (type) => {
        await start();
        const headers: Record<string, string> = type ? { 'content-type': type } : {};
        for (const [method, path] of ROUTES.filter(([verb]) => verb !== 'GET')) {
          const answer = await app.send(`/demo/${path}`, { method, headers, raw: 'kind=foreign' });
          expect([path, answer.status]).toEqual([path, 415]);
        }
      },
    );
  });

  describe('GET /demo/events', () => {
    it('streams each decision with its outcome, its reason and its subject', async () => {
      const { get, sessionKey } = await start();
      const stream = await listen();
      const from = Date.now();
      await get('/me', await sessionKey('alice'));
      await get('/me', await keyOf('foreign'));
      await stream.until('decisions', (events) => events.flat().length === 2);
      expect(decisionsOf(stream)).toEqual([
        {
          at: expect.any(Number),
          outcome: 'authenticated',
          decidedBy: 'cache',
          code: null,
          handler: 'MeController.me',
          subject: ALICE,
        },
        {
          at: expect.any(Number),
          outcome: 'unauthenticated',
          decidedBy: 'claims',
          code: 'COINFLOW_SESSION_WRONG_MERCHANT',
          handler: 'MeController.me',
          subject: null,
        },
      ]);
      for (const { at } of decisionsOf(stream)) expect(at >= from && at <= Date.now()).toBe(true);
    });

    it('streams the metrics first and after each change', async () => {
      const { get } = await start();
      const stream = await listen();
      await stream.until('metrics');
      await get('/me');
      await stream.until('metrics', (events) => events.length >= 2);
      expect(stream.events('metrics')).toMatchObject([{ decisions: { total: 0 } }, { decisions: { total: 1 } }]);
      // Between the two decisions, the unchanged metrics were not sent again.
      await get('/me');
      await stream.until('metrics', (events) => events.length >= 3);
      expect(stream.events('metrics')).toMatchObject([{}, {}, { decisions: { total: 2 } }]);
    });

    it('streams the emulator settings first and after each change to every tab', async () => {
      await start();
      const both = [await listen(), await listen()];
      await change({ condition: 'outage' });
      await change({ lifetimeSeconds: 20 });
      for (const stream of both) {
        await stream.until('coinflow', (events) => events.length === 3);
        const outage = { ...HEALTHY, condition: 'outage' };
        expect(stream.events('coinflow')).toEqual([HEALTHY, outage, { ...outage, lifetimeSeconds: 20 }]);
      }
    });

    it('streams a thousand decisions in order and in few events', async () => {
      const { service } = await start();
      const stream = await listen();
      for (let i = 0; i < 1_000; i += 1) await service.verifySessionKey('').catch(() => undefined);
      await stream.until('decisions', (events) => events.flat().length === 1_000);
      const [first, last] = [decisionsOf(stream).at(0)?.at ?? NaN, decisionsOf(stream).at(-1)?.at ?? NaN];
      expect(stream.events('decisions').length).toBeLessThanOrEqual((last - first) / 100 + 2);
    });

    it('removes its decision listener when the tab closes', async () => {
      const { service } = await start();
      let listening = 0;
      const { onDecision } = service;
      service.onDecision = (listener) => {
        const stop = onDecision.call(service, listener);
        listening += 1;
        return () => {
          listening -= 1;
          stop();
        };
      };
      const [one, other] = [await listen(), await listen()];
      expect(listening).toBe(2);
      one.close();
      await until(() => listening === 1);
      other.close();
      await until(() => listening === 0);
    });

    it('ends the stream when the application closes', async () => {
      await start();
      const stream = await listen();
      // With this timeout, an idle connection would keep the server open until the test times out.
      const server = app.app.getHttpServer() as Server;
      server.keepAliveTimeout = 600_000;
      await app.app.close();
      await until(() => stream.hasEnded);
    });
  });

  it('never sends a secret', async () => {
    const { get, login, sessionKey, send, coinflow } = await start({ env: WITH_WEBHOOKS });
    const stream = await listen();
    const headers = { authorization: `Bearer ${await login('bob')}` };
    const both = (await send('/coinflow/session-key', { headers })).body as { key: string; attestedKey: string };
    const invalid = [await keyOf('foreign'), await keyOf('expired')];
    const keys = [...invalid, await sessionKey('alice'), both.key, both.attestedKey, unseenKey(coinflow)];
    for (const key of keys) await get('/me', key);
    const responses = [
      await change({ condition: 'outage' }),
      await get('/me', unseenKey(coinflow, { customerId: 'carol' })),
      await get('/demo/state'),
      await change({ condition: 'healthy' }),
      await deliver('duplicate'),
      await deliver('forged'),
      await get('/demo/state'),
    ];
    await stream.until('decisions', (events) => events.flat().length === keys.length + 1);
    await stream.until('metrics', (events) => events.length >= 2);
    const apiKey = coinflow.merchants.map((merchant) => merchant.apiKey);
    const signatures = keys.map((key) => key.split('.')[2] ?? '');
    const sent = stream.text + responses.map(({ text }) => text).join('');
    const secrets = [...apiKey, WEBHOOK_KEY, ...keys, ...signatures];
    expect(secrets.filter((secret) => secret === '' || sent.includes(secret))).toEqual([]);
  });
});
