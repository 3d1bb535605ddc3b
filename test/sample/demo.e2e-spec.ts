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
const WELL = { condition: 'well', lifetimeSeconds: 86_400, clockOffsetMs: 0 };
const ALICE = { kind: 'user', userId: 'alice' };
const WALLET = { kind: 'wallet', wallet: '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed', blockchain: 'eth' };

describe.each(PLATFORMS)('what the page asks the sample on %s', (platform) => {
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
  const makeKey = (kind: string): Promise<SentResponse> => app.send('/demo/keys', { method: 'POST', body: { kind } });
  const deliver = (kind: string, subject: object = ALICE): Promise<SentResponse> =>
    app.send('/demo/webhooks', { method: 'POST', body: { kind, subject } });
  const keyOf = async (kind: string): Promise<string> => ((await makeKey(kind)).body as { key: string }).key;
  const decisionsOf = (stream: EventStream): DemoDecision[] => (stream.said('decisions') as DemoDecision[][]).flat();

  it('says what there is', async () => {
    await start({ env: WITH_WEBHOOKS });
    expect(await app.get('/demo/state')).toMatchObject({
      status: 200,
      headers: { 'cache-control': 'no-store' },
      body: {
        env: 'local',
        merchantId: 'demo-merchant',
        coinflow: WELL,
        webhooks: true,
        users: [
          { username: 'alice', password: 'alice-demo' },
          { username: 'bob', password: 'bob-demo' },
        ],
      },
    });
  });

  it('names users that can log in with what it says', async () => {
    await start();
    const { users } = (await app.get('/demo/state')).body as { users: object[] };
    for (const body of users)
      expect(await app.send('/auth/login', { method: 'POST', body })).toMatchObject({ status: 200 });
    await app.close();
    await start({ env: { COINFLOW_ENV: 'prod' } });
    expect(await app.get('/demo/state')).toMatchObject({ body: { env: 'prod', users: [], coinflow: null } });
  });

  describe('the switches of the emulator', () => {
    it.each([
      ['outage', 503],
      ['rate-limited', 503],
    ])('%s: who needs Coinflow is answered %d, until it is well', async (condition, status) => {
      const { coinflow, get } = await start();
      expect(await change({ condition })).toMatchObject({ status: 200, body: { ...WELL, condition } });
      expect(await get('/me', unseenKey(coinflow))).toMatchObject({ status });
      expect(await get('/demo/state')).toMatchObject({ body: { coinflow: { condition } } });
      expect(await change({ condition: 'well' })).toMatchObject({ status: 200, body: WELL });
      expect((await get('/demo/state')).body).toMatchObject({ coinflow: WELL });
    });

    it.each(['slow', 'silent'])('%s can be set, for each endpoint, and healed', async (condition) => {
      const { coinflow } = await start();
      expect(await change({ condition })).toMatchObject({ status: 200, body: { condition } });
      const state = (await (await fetch(`${coinflow.url}/_emulator/state`)).json()) as { faults: object[] };
      const kind = condition === 'slow' ? 'delay' : 'hang';
      expect(state.faults).toEqual(
        ['message', 'session-key', 'verify'].map((endpoint) => ({ endpoint, kind, remaining: null })),
      );
      expect(await change({ condition: 'well' })).toMatchObject({ body: WELL });
    });

    it('keys that live shortly, and a clock that is off', async () => {
      await start();
      expect(await change({ lifetimeSeconds: 20, clockOffsetMs: -60_000 })).toMatchObject({
        status: 200,
        body: { condition: 'well', lifetimeSeconds: 20, clockOffsetMs: -60_000 },
      });
      expect(await change({ condition: 'outage' })).toMatchObject({ body: { lifetimeSeconds: 20 } });
    });

    it('leave what else was said of keys as it is', async () => {
      const { coinflow } = await start();
      coinflow.setIssuance({ form: 'opaque', claims: { customerId: 42 } });
      await change({ lifetimeSeconds: 20 });
      const state = await (await fetch(`${coinflow.url}/_emulator/state`)).json();
      expect(state).toMatchObject({
        issuance: { form: 'opaque', claims: { customerId: 42 }, lifetimeSeconds: 20 },
      });
    });

    it('changes that come at once are made one after the other, so that no mixture remains', async () => {
      await start();
      const conditions = ['outage', 'well', 'silent', 'well', 'slow', 'rate-limited'];
      const changed = await Promise.all(conditions.map((condition) => change({ condition })));
      expect(changed.map(({ body }) => body)).toEqual(conditions.map((condition) => ({ ...WELL, condition })));
    });

    it.each<[string, string, object]>([
      ['PATCH', 'coinflow', { condition: 'odd' }],
      ['PATCH', 'coinflow', { lifetimeSeconds: 0 }],
      ['PATCH', 'coinflow', { clockOffsetMs: 86_400_001 }],
      ['PATCH', 'coinflow', { other: 1 }],
      ['POST', 'keys', {}],
      ['POST', 'keys', { kind: 'forged' }],
      ['POST', 'webhooks', { kind: 'settle' }],
      ['POST', 'webhooks', { kind: 'refund', subject: ALICE }],
      ['POST', 'webhooks', { kind: 'settle', subject: { kind: 'user' } }],
      ['POST', 'webhooks', { kind: 'settle', subject: { kind: 'wallet', userId: 'alice' } }],
      ['POST', 'webhooks', { kind: 'settle', subject: { kind: 'user', userId: { $gt: '' } } }],
    ])('%s %s %j is a 400', async (method, path, body) => {
      await start({ env: WITH_WEBHOOKS });
      expect(await app.send(`/demo/${path}`, { method, body })).toMatchObject({ status: 400 });
    });
  });

  it('makes keys that are refused for what they are', async () => {
    const { get, coinflow } = await start();
    const foreign = await makeKey('foreign');
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

  describe('webhooks', () => {
    it.each([
      ['a user', ALICE, { customerId: 'alice' }],
      ['a wallet', WALLET, { customerId: undefined, wallet: WALLET.wallet, blockchain: 'eth' }],
    ])('one credits %s, twice the same no more than once, a forged one nothing', async (_, subject, claims) => {
      const { app: nest, get, coinflow } = await start({ env: WITH_WEBHOOKS });
      const key = unseenKey(coinflow, claims);
      // As its login does.
      await nest.get(Users).add(subject);
      const balance = async (): Promise<unknown> => ((await get('/me', key)).body as { balance: unknown }).balance;
      expect(await deliver('settle', subject)).toMatchObject({ status: 200, body: { statuses: [200] } });
      expect(await balance()).toMatchObject({ cents: 500 });
      expect(await deliver('repeat', subject)).toMatchObject({ status: 200, body: { statuses: [200, 200] } });
      expect(await balance()).toMatchObject({ cents: 1_000 });
      expect(await deliver('forged', subject)).toMatchObject({ status: 200, body: { statuses: [401] } });
      expect(await balance()).toMatchObject({ cents: 1_000 });
    });

    it('are answered each with its own, when several are sent at a time', async () => {
      await start({ env: WITH_WEBHOOKS });
      const kinds = ['settle', 'repeat', 'forged', 'settle'];
      const answers = await Promise.all(kinds.map((kind) => deliver(kind)));
      expect(answers.map(({ body }) => (body as DemoDelivery).statuses)).toEqual([[200], [200, 200], [401], [200]]);
    });

    it('are none where they are off, or the emulator has nobody to tell', async () => {
      await start();
      expect(await app.get('/demo/state')).toMatchObject({ body: { webhooks: false } });
      expect(await deliver('settle')).toMatchObject({
        status: 404,
        body: { message: 'Webhooks are off: set COINFLOW_WEBHOOK_VALIDATION_KEY' },
      });
      await app.close();
      await start({ env: WITH_WEBHOOKS });
      app.coinflow.clearWebhooks();
      expect(await deliver('settle')).toMatchObject({ status: 409 });
    });
  });

  describe('without the emulator', () => {
    it.each<[string, Record<string, string>]>([
      ['another environment', { COINFLOW_ENV: 'sandbox' }],
      ['another machine', { COINFLOW_BASE_URL: 'https://coinflow.invalid' }],
      ['nobody who answers', { COINFLOW_BASE_URL: 'http://127.0.0.1:9' }],
    ])('%s: the switches are not there, and the rest is', async (_, env) => {
      const { coinflow, get } = await start({ env: { ...WITH_WEBHOOKS, ...env } });
      expect(await get('/demo/state')).toMatchObject({ status: 200, body: { coinflow: null } });
      const stream = await listen();
      expect(stream.said('coinflow')).toEqual([null]);
      const body = { message: expect.stringMatching(/^There is no emulator in Coinflow’s place/) };
      for (const answer of [change({ condition: 'outage' }), makeKey('foreign'), deliver('settle')]) {
        expect(await answer).toMatchObject({ status: 404, body });
      }
      const state = (await (await fetch(`${coinflow.url}/_emulator/state`)).json()) as { faults: object[] };
      expect(state.faults).toEqual([]);
    });
  });

  describe('who may ask', () => {
    const ROUTES = [
      ['GET', 'state', undefined],
      ['GET', 'events', undefined],
      ['PATCH', 'coinflow', { condition: 'outage' }],
      ['POST', 'keys', { kind: 'foreign' }],
      ['POST', 'webhooks', { kind: 'settle', subject: ALICE }],
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
    ])('nobody from elsewhere, and no page of another origin: %j', async (headers) => {
      await start({ env: WITH_WEBHOOKS });
      for (const [method, path, body] of ROUTES) {
        expect([path, (await app.send(`/demo/${path}`, { method, headers, body })).status]).toEqual([path, 403]);
      }
      expect(await app.get('/demo/state')).toMatchObject({ body: { coinflow: WELL } });
    });

    it('its own page may', async () => {
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
      'what is posted is JSON, and not “%s”: a form could send that from any page',
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

  describe('the events', () => {
    it('tell of each decision: what became of it, why, and who', async () => {
      const { get, sessionKey } = await start();
      const stream = await listen();
      const from = Date.now();
      await get('/me', await sessionKey('alice'));
      await get('/me', await keyOf('foreign'));
      await stream.until('decisions', (said) => said.flat().length === 2);
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

    it('tell the figures at the start, and when they have changed', async () => {
      const { get } = await start();
      const stream = await listen();
      await stream.until('figures');
      await get('/me');
      await stream.until('figures', (said) => said.length >= 2);
      expect(stream.said('figures')).toMatchObject([{ decisions: { total: 0 } }, { decisions: { total: 1 } }]);
      // Ten ticks on, told by another decision, nothing was said of what has not changed.
      await get('/me');
      await stream.until('figures', (said) => said.length >= 3);
      expect(stream.said('figures')).toMatchObject([{}, {}, { decisions: { total: 2 } }]);
    });

    it('tell how Coinflow is at the start, and after each change, everybody', async () => {
      await start();
      const both = [await listen(), await listen()];
      await change({ condition: 'outage' });
      await change({ lifetimeSeconds: 20 });
      for (const stream of both) {
        await stream.until('coinflow', (said) => said.length === 3);
        const outage = { ...WELL, condition: 'outage' };
        expect(stream.said('coinflow')).toEqual([WELL, outage, { ...outage, lifetimeSeconds: 20 }]);
      }
    });

    it('a thousand decisions come in few, in their order', async () => {
      const { service } = await start();
      const stream = await listen();
      for (let i = 0; i < 1_000; i += 1) await service.verifySessionKey('').catch(() => undefined);
      await stream.until('decisions', (said) => said.flat().length === 1_000);
      const [first, last] = [decisionsOf(stream).at(0)?.at ?? NaN, decisionsOf(stream).at(-1)?.at ?? NaN];
      expect(stream.said('decisions').length).toBeLessThanOrEqual((last - first) / 100 + 2);
    });

    it('end with who listens: nothing listens to decisions any more', async () => {
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

    it('end with the application, which does not wait for them', async () => {
      await start();
      const stream = await listen();
      // An idle connection would be waited for until the test is given up.
      const server = app.app.getHttpServer() as Server;
      server.keepAliveTimeout = 600_000;
      await app.app.close();
      await until(() => stream.hasEnded);
    });
  });

  it('says no secret', async () => {
    const { get, login, sessionKey, send, coinflow } = await start({ env: WITH_WEBHOOKS });
    const stream = await listen();
    const headers = { authorization: `Bearer ${await login('bob')}` };
    const both = (await send('/coinflow/session-key', { headers })).body as { key: string; attestedKey: string };
    const made = [await keyOf('foreign'), await keyOf('expired')];
    const keys = [...made, await sessionKey('alice'), both.key, both.attestedKey, unseenKey(coinflow)];
    for (const key of keys) await get('/me', key);
    const answers = [
      await change({ condition: 'outage' }),
      await get('/me', unseenKey(coinflow, { customerId: 'carol' })),
      await get('/demo/state'),
      await change({ condition: 'well' }),
      await deliver('repeat'),
      await deliver('forged'),
      await get('/demo/state'),
    ];
    await stream.until('decisions', (said) => said.flat().length === keys.length + 1);
    await stream.until('figures', (said) => said.length >= 2);
    const apiKey = coinflow.merchants.map((merchant) => merchant.apiKey);
    const signatures = keys.map((key) => key.split('.')[2] ?? '');
    const told = stream.text + answers.map(({ text }) => text).join('');
    const secrets = [...apiKey, WEBHOOK_KEY, ...keys, ...signatures];
    expect(secrets.filter((secret) => secret === '' || told.includes(secret))).toEqual([]);
  });
});
