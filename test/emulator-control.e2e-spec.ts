import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startCoinflowEmulator, type CoinflowEmulator, type CoinflowEmulatorOptions } from 'coinflow-emulator';
import { EmulatorClient, claimsOf, walletHeaders } from './harness/emulator-client.js';
import { send, type SendOptions, type SentResponse } from './harness/send.js';
import { walletOn } from './harness/wallets.js';

const JSON_TYPE = { 'content-type': 'application/json' };

describe('emulator: control API', () => {
  let coinflow: CoinflowEmulator;
  let client: EmulatorClient;

  async function start(options: CoinflowEmulatorOptions = {}): Promise<void> {
    await coinflow?.close();
    coinflow = await startCoinflowEmulator(options);
    client = new EmulatorClient(coinflow);
  }

  beforeEach(() => start());
  afterEach(() => coinflow.close());

  const control = (path: string, options?: SendOptions): Promise<SentResponse> =>
    send(`${coinflow.url}/_emulator/${path}`, options);

  const post = (path: string, body: unknown = {}): Promise<SentResponse> => control(path, { method: 'POST', body });

  const state = async (): Promise<Record<string, unknown>> => (await control('state')).body as Record<string, unknown>;

  const verify = (): Promise<SentResponse> => client.verify(coinflow.signSessionKey({ customerId: 'alice' }));

  /** The status of a call, or the error of its connection. */
  const outcome = (call: Promise<SentResponse>): Promise<unknown> =>
    call.then(
      ({ status }) => status,
      (error: NodeJS.ErrnoException) => error.code,
    );

  it('returns the state of the emulator', async () => {
    expect(await control('state')).toMatchObject({ status: 200 });
    expect(await state()).toEqual({
      merchants: ['demo-merchant', 'other-merchant'],
      clock: { offsetMs: 0, now: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) },
      issuance: { form: 'jwt', lifetimeSeconds: 86_400, claims: {} },
      limits: { withKey: 0, withoutKey: 0, retryAfter: 'seconds' },
      faults: [],
      responses: [],
      blocking: { endsSessions: false },
      blockedCustomers: [],
      counts: { message: 0, 'session-key': 0, verify: 0 },
      calls: [],
      payments: [],
      webhooks: { endpoints: [], attempts: [] },
    });
  });

  it.each(['jwt', 'opaque'])('never returns an API key, a %s session key or a signature', async (form) => {
    await post('issuance', { form });
    const key = await client.create();
    const signed = await client.signed(walletOn('eth'));
    await client.sessionKey(signed);
    await client.verify(key);
    await client.get('/api/auth/verify', { 'x-mistaken': `Bearer ${key}`, 'x-key': `Bearer ${client.apiKey}` });
    await post('faults', { endpoint: 'verify', fault: { kind: 'raw', status: 200, body: key } });
    const { text } = await control('state');
    const secrets = [key, client.apiKey, signed['x-coinflow-auth-signed-message']];
    expect(secrets.filter((secret) => secret && text.includes(secret))).toEqual([]);
    expect((await state()).counts).toEqual({ message: 1, 'session-key': 2, verify: 2 });
  });

  describe('faults', () => {
    it.each<[Record<string, unknown>, unknown]>([
      [{ kind: 'status', status: 503 }, 503],
      [{ kind: 'status', status: 401, headers: { 'x-a': 'b' }, body: { details: 'no' } }, 401],
      [{ kind: 'html', status: 502 }, 502],
      [{ kind: 'raw', status: 418, body: 'garbage', headers: { 'x-a': 'b' } }, 418],
      [{ kind: 'non-json', status: 404 }, 404],
      [{ kind: 'truncated' }, 'ECONNRESET'],
      [{ kind: 'ok' }, 200],
      [{ kind: 'rate-limited', retryAfter: 'none', afterSeconds: 0 }, 429],
      [{ kind: 'delay', ms: 1 }, 200],
      [{ kind: 'reset' }, 'ECONNRESET'],
    ])('applies the fault %j once', async (fault, expected) => {
      const { status, body } = await post('faults', { endpoint: 'verify', fault, times: 1 });
      expect(status).toBe(200);
      expect(body).toMatchObject({ faults: [{ endpoint: 'verify', kind: fault.kind, remaining: 1 }] });
      expect(await outcome(verify())).toBe(expected);
      expect(await outcome(verify())).toBe(200);
      expect(await state()).toMatchObject({ faults: [] });
    });

    it('sends no response with the fault hang', async () => {
      await post('faults', { endpoint: 'verify', fault: { kind: 'hang' } });
      const hanging = outcome(verify());
      while (coinflow.countCalls('verify') === 0) await new Promise(setImmediate);
      await coinflow.close();
      expect(await hanging).toBe('ECONNRESET');
    });

    it.each(['message', 'session-key', 'verify'])('makes the endpoint %s fail until it is healed', async (endpoint) => {
      const call = {
        message: () => client.message(walletHeaders(walletOn('eth'))),
        'session-key': () => client.sessionKey({ authorization: client.apiKey, 'x-coinflow-auth-user-id': 'alice' }),
        verify,
      }[endpoint]!;
      await post('faults', { endpoint, fault: { kind: 'status', status: 500 } });
      expect([(await call()).status, (await call()).status]).toEqual([500, 500]);
      expect(await state()).toMatchObject({ faults: [{ endpoint, kind: 'status', remaining: null }] });
      expect(await post('heal')).toMatchObject({ status: 200, body: { faults: [] } });
      expect((await call()).status).toBe(200);
    });
  });

  it('moves the clock of the emulator', async () => {
    const key = await client.create();
    const { body } = await post('clock', { offsetMs: 86_400_000 });
    expect(body).toMatchObject({ clock: { offsetMs: 86_400_000 } });
    expect((await client.verify(key)).status).toBe(401);
    await post('clock', { offsetMs: 0 });
    expect((await client.verify(key)).status).toBe(200);
  });

  it('changes the session keys that are created', async () => {
    await post('issuance', { lifetimeSeconds: 60, claims: { merchantId: null, customerId: 42 } });
    const { iat, exp, ...claims } = claimsOf(await client.create());
    expect([Number(exp) - Number(iat), claims]).toEqual([60, { customerId: 42 }]);
    expect(await post('issuance', { form: 'opaque' })).toMatchObject({
      body: { issuance: { form: 'opaque', lifetimeSeconds: 86_400, claims: {} } },
    });
    expect(await client.create()).toMatch(/^[0-9a-f]{32}$/);
  });

  it('signs a session key with any claims, without those that are null', async () => {
    const claims = { customerId: 'bob', merchantId: 'other-merchant', iat: 1, exp: null };
    const { status, body } = await post('session-keys', { claims });
    expect([status, Object.keys(body as object)]).toEqual([200, ['key']]);
    const { key } = body as { key: string };
    expect(claimsOf(key)).toEqual({ customerId: 'bob', merchantId: 'other-merchant', iat: 1 });
    expect((await client.verify(key)).status).toBe(200);
    const expired = (await post('session-keys', { claims: { exp: 1_700_000_000 } })).body as { key: string };
    expect((await client.verify(expired.key)).status).toBe(401);
    expect((await control('state')).text).not.toContain(key);
  });

  it('changes the given rate limits and keeps the others', async () => {
    await post('limits', { withoutKey: 1 });
    expect(await post('limits', { retryAfter: 'date' })).toMatchObject({
      body: { limits: { withKey: 0, withoutKey: 1, retryAfter: 'date' } },
    });
    expect((await verify()).status).toBe(200);
    expect(await verify()).toMatchObject({ status: 429, headers: { 'retry-after': expect.stringMatching(/ GMT$/) } });
    expect((await control('state')).status).toBe(200);
  });

  it('clears the logged calls', async () => {
    await verify();
    expect(await state()).toMatchObject({ counts: { verify: 1 }, calls: [{ endpoint: 'verify', status: 200 }] });
    expect(await post('calls/clear')).toMatchObject({ status: 200, body: { counts: { verify: 0 }, calls: [] } });
  });

  it('returns the newest 100 calls and counts all calls', async () => {
    await Promise.all(Array.from({ length: 101 }, verify));
    const { calls, counts } = await state();
    expect([(calls as unknown[]).length, counts]).toEqual([100, { message: 0, 'session-key': 0, verify: 101 }]);
  });

  it('restores the initial state and keeps session keys valid', async () => {
    await start({ issuance: { lifetimeSeconds: 600 }, limits: { withKey: 50 } });
    const key = await client.create();
    const signed = await client.signed(walletOn('eth'));
    await post('faults', { endpoint: 'verify', fault: { kind: 'ok' } });
    await post('clock', { offsetMs: 1_000 });
    await post('issuance', { form: 'opaque' });
    await post('limits', { withKey: 1, withoutKey: 1, retryAfter: 'none' });
    expect((await post('reset')).body).toMatchObject({
      clock: { offsetMs: 0 },
      issuance: { form: 'jwt', lifetimeSeconds: 600, claims: {} },
      limits: { withKey: 50, withoutKey: 0, retryAfter: 'seconds' },
      faults: [],
      responses: [],
      counts: { message: 0, 'session-key': 0, verify: 0 },
      calls: [],
    });
    expect((await client.sessionKey(signed)).status).toBe(401);
    expect((await client.verify(key)).status).toBe(200);
  });

  describe('an invalid body', () => {
    const fault = (wrong: unknown): unknown => ({ endpoint: 'verify', fault: wrong });

    it.each<[string, unknown, string]>([
      ['faults', {}, "required property 'endpoint'"],
      ['faults', { endpoint: 'verify' }, "required property 'fault'"],
      ['faults', { endpoint: 'verfy', fault: { kind: 'ok' } }, '"verfy" is not an operation'],
      ['faults', { endpoint: 'verfy', fault: { kind: 'ok' } }, 'Did you mean "verify"'],
      ['faults', { ...(fault({ kind: 'ok' }) as object), time: 2 }, 'additional properties: time'],
      ['faults', { ...(fault({ kind: 'ok' }) as object), times: 0 }, 'body/times must be >= 1'],
      ['faults', { ...(fault({ kind: 'ok' }) as object), times: '2' }, 'body/times must be integer'],
      [
        'faults',
        fault({ kind: 'explode' }),
        'body/fault/kind must be equal to one of the allowed values: status, html',
      ],
      ['faults', fault({ kind: 1 }), 'body/fault/kind must be equal to one of the allowed values: status, html'],
      ['faults', fault({}), "body/fault must have required property 'kind'"],
      ['faults', fault('ok'), 'body/fault must be object'],
      ['faults', fault({ kind: 'status' }), "body/fault must have required property 'status'"],
      ['faults', fault({ kind: 'status', status: 600 }), 'body/fault/status must be <= 599'],
      ['faults', fault({ kind: 'status', status: 100 }), 'body/fault/status must be >= 200'],
      ['faults', fault({ kind: 'status', status: 500, headers: { 'a b': 'c' } }), 'body/fault/headers'],
      ['faults', fault({ kind: 'status', status: 500, headers: { a: 'b\nc' } }), 'body/fault/headers/a must match'],
      ['faults', fault({ kind: 'raw', status: 200 }), "body/fault must have required property 'body'"],
      ['faults', fault({ kind: 'ok', status: 204 }), 'body/fault must NOT have additional properties: status'],
      ['faults', fault({ kind: 'delay' }), "body/fault must have required property 'ms'"],
      ['faults', fault({ kind: 'delay', ms: 600_001 }), 'body/fault/ms must be <= 600000'],
      ['faults', fault({ kind: 'rate-limited', retryAfter: 'soon' }), 'seconds, date, none'],
      ['heal', { endpoint: 'verify' }, 'additional properties: endpoint'],
      ['clock', {}, "required property 'offsetMs'"],
      ['clock', { offsetMs: 0.5 }, 'body/offsetMs must be integer'],
      ['clock', { offsetMs: 1e15 }, 'body/offsetMs must be <='],
      ['issuance', { form: 'paseto' }, 'jwt, opaque'],
      ['issuance', { lifetimeSeconds: 0 }, 'body/lifetimeSeconds must be >= 1'],
      ['issuance', { claims: [] }, 'body/claims must be object'],
      ['session-keys', {}, "required property 'claims'"],
      ['session-keys', { claims: 'bob' }, 'body/claims must be object'],
      ['session-keys', { claims: {}, merchant: 'x' }, 'additional properties: merchant'],
      ['limits', {}, 'fewer than 1 properties'],
      ['limits', { withKey: -1 }, 'body/withKey must be >= 0'],
      ['limits', { withoutKey: '5' }, 'body/withoutKey must be integer'],
      ['calls/clear', [], 'body must be object'],
      ['reset', { all: true }, 'additional properties: all'],
    ])('rejects a POST to %s with the body %j, names the mistake and changes nothing', async (path, body, text) => {
      const before = await state();
      const answer = await post(path, body);
      expect([answer.status, answer.body]).toEqual([
        400,
        { message: expect.stringContaining(text), debugId: expect.any(String) },
      ]);
      expect(await state()).toEqual({ ...before, clock: expect.objectContaining({ offsetMs: 0 }) });
    });

    it.each(['{', '{"offsetMs":1,}', 'null', '{"__proto__":{}}'])(
      'rejects the malformed JSON %s with 400',
      async (body) => {
        const answer = await fetch(`${coinflow.url}/_emulator/clock`, { method: 'POST', headers: JSON_TYPE, body });
        expect([answer.status, await answer.json()]).toEqual([
          400,
          expect.objectContaining({ message: expect.any(String) }),
        ]);
      },
    );

    it('accepts a missing body as an empty object', async () => {
      expect(await control('heal', { method: 'POST', headers: JSON_TYPE })).toMatchObject({ status: 200 });
      expect(await control('clock', { method: 'POST', headers: JSON_TYPE })).toMatchObject({ status: 400 });
    });
  });

  describe('access control', () => {
    it.each<Record<string, string>>([
      {},
      { 'content-type': 'text/plain' },
      { 'content-type': 'application/x-www-form-urlencoded' },
      { 'content-type': 'application/jsonp' },
    ])('rejects a POST with the content type of %j', async (headers) => {
      expect(await control('reset', { method: 'POST', headers })).toMatchObject({
        status: 415,
        body: { message: 'Send content-type: application/json.' },
      });
    });

    it('accepts a content type with parameters', async () => {
      const headers = { 'content-type': 'Application/JSON; charset=utf-8' };
      expect(await control('reset', { method: 'POST', headers })).toMatchObject({ status: 200 });
    });

    it.each([
      'evil.example',
      'evil.example:4010',
      '127.0.0.1.evil.example',
      'localhost.evil.example',
      '203.0.113.1',
      ']',
    ])('rejects the foreign Host %s', async (host) => {
      for (const path of ['state', 'reset']) {
        const method = path === 'state' ? 'GET' : 'POST';
        expect(await control(path, { method, headers: { host, ...JSON_TYPE } })).toMatchObject({ status: 421 });
      }
    });

    it.each(['localhost', 'LOCALHOST:80', '127.0.0.1', '127.8.8.8:1', '[::1]:4010'])(
      'accepts the loopback Host %s',
      async (host) => {
        expect(await control('state', { headers: { host } })).toMatchObject({ status: 200 });
      },
    );

    it.each<Record<string, string>>([
      { origin: 'http://evil.example' },
      { origin: 'null' },
      { origin: 'http://127.0.0.1' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
    ])('rejects a page of another origin with the headers %j', async (headers) => {
      expect(await control('state', { headers })).toMatchObject({ status: 403 });
      expect(await control('reset', { method: 'POST', headers: { ...headers, ...JSON_TYPE } })).toMatchObject({
        status: 403,
        body: { message: 'The control API rejects requests from pages of another origin.' },
      });
    });

    it('accepts a page of its own origin', async () => {
      const headers = { origin: coinflow.url, 'sec-fetch-site': 'same-origin' };
      expect(await control('state', { headers })).toMatchObject({ status: 200 });
    });

    it.each(['state', 'faults', 'reset', 'nothing'])('has no control route %s when control is off', async (path) => {
      await start({ control: 'off' });
      expect((await control(path)).status).toBe(404);
      expect((await post(path)).status).toBe(404);
      expect((await verify()).status).toBe(200);
    });
  });
});
