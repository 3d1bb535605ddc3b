import type { RequestListener } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { CoinflowSession } from 'nestjs-coinflow-auth';
import { documentedOperations } from '../libs/coinflow-auth/src/api/operations.js';
import { callOperation, createApiApp, type ApiApp } from './harness/api-app.js';
import { startScriptedServer, type ScriptedServer } from './harness/scripted-server.js';

const ETH = { wallet: '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed', blockchain: 'eth' };
const WALLET_HEADERS = { 'x-coinflow-auth-wallet': ETH.wallet, 'x-coinflow-auth-blockchain': 'eth' };
const API_KEY = 'canary_api_key';

/** What every request carries, whatever it is. */
const COMMON = {
  accept: 'application/json',
  'user-agent': 'nestjs-coinflow-auth',
  'accept-encoding': 'gzip, compress, deflate, br',
  connection: 'keep-alive',
};

interface Received {
  method: string | undefined;
  path: string | undefined;
  headers: Record<string, string>;
  body: string;
}

describe('a call of CoinflowApi on the wire', () => {
  let server: ScriptedServer;
  let app: ApiApp;
  let session: CoinflowSession;
  let tag: string;
  let received: Received[];
  let apiKey: () => string | Promise<string>;

  const record: RequestListener = (request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const { rawHeaders, method, url: path } = request;
      const pairs = rawHeaders.flatMap((name, index): [string, string][] =>
        index % 2 === 0 ? [[name.toLowerCase(), rawHeaders[index + 1] ?? '']] : [],
      );
      // A header that is sent twice would get lost in an object.
      expect(new Set(pairs.map(([name]) => name)).size).toBe(pairs.length);
      received.push({ method, path, headers: Object.fromEntries(pairs), body });
      response.writeHead(200, { 'content-type': 'application/json', 'set-cookie': 'a=b' }).end('{"done":true}');
    });
  };

  beforeAll(async () => {
    server = await startScriptedServer();
    server.script(record);
    app = await createApiApp({
      options: { baseUrl: server.url, apiKey: () => apiKey(), merchantId: 'ours' },
    });
    apiKey = () => API_KEY;
    const created = new CoinflowSession(
      app.coinflow.signSessionKey({ customerId: 'alice', merchantId: 'ours' }),
      { subject: { kind: 'user', userId: 'alice' }, merchantId: 'ours', issuedAt: null, expiresAt: null },
      { attest: (key) => `${key}~tag` },
    );
    session = created;
    tag = '~tag';
  });
  beforeEach(() => {
    received = [];
    apiKey = () => API_KEY;
  });
  afterAll(async () => {
    await app.close();
    server.close();
  });

  const SIGNED = { signedWallet: { ...ETH, signedMessage: '0xcanary' } };
  const FORMS: [string, () => unknown, () => Record<string, string>][] = [
    ['a session', () => session, () => ({ 'x-coinflow-auth-session-key': session.key })],
    ['a user', () => ({ userId: 'alice' }), () => ({ authorization: API_KEY, 'x-coinflow-auth-user-id': 'alice' })],
    ['a wallet', () => ETH, () => ({ authorization: API_KEY, ...WALLET_HEADERS })],
    ['a signed wallet', () => SIGNED, () => ({ ...WALLET_HEADERS, 'x-coinflow-auth-signed-message': '0xcanary' })],
    ['the merchant', () => 'merchant', () => ({ authorization: API_KEY })],
    ['none', () => 'none', () => ({})],
    [
      'a session and the merchant',
      () => [session, 'merchant'],
      () => ({ authorization: API_KEY, 'x-coinflow-auth-session-key': session.key }),
    ],
    [
      'the merchant and a session',
      () => ['merchant', session],
      () => ({ authorization: API_KEY, 'x-coinflow-auth-session-key': session.key }),
    ],
  ];

  it.each(FORMS)('carries exactly the headers of %s, for each method', async (_, auth, headers) => {
    const host = new URL(server.url).host;
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) {
      const hasBody = method !== 'GET';
      await app.call(`${method} /merchant`, { auth: auth(), ...(hasBody && { body: { a: 'ü' } }) });
      const content = { 'content-type': 'application/json', 'content-length': '10' };
      expect(received.splice(0)).toEqual([
        {
          method,
          path: '/api/merchant',
          headers: { ...COMMON, host, ...headers(), ...(hasBody && content) },
          body: hasBody ? '{"a":"ü"}' : '',
        },
      ]);
    }
  });

  it('carries no content type without a body, and the headers of the options', async () => {
    await app.call('POST /merchant', {
      auth: 'none',
      clientIp: '203.0.113.7',
      deviceId: 'device',
      submerchantId: 'sub',
    });
    const [{ headers = {}, body = '?' } = {}] = received;
    expect(body).toBe('');
    expect(headers).toEqual({
      ...COMMON,
      host: new URL(server.url).host,
      'content-length': '0',
      'x-coinflow-client-ip': '203.0.113.7',
      'x-device-id': 'device',
      'x-coinflow-submerchant-id': 'sub',
    });
  });

  it('carries no tag, no Bearer and no second credential to any operation', async () => {
    expect(session.attestedKey).toBe(session.key + tag);
    for (const [name] of documentedOperations()) {
      for (const [, auth, headers] of FORMS) {
        await callOperation(app.api, name, { auth: auth() });
        const [{ headers: sent = {} } = {}] = received.splice(0);
        const credentials = Object.entries(sent).filter(([header]) => /^(authorization|cookie|x-)/.test(header));
        expect(Object.fromEntries(credentials)).toEqual(headers());
        const text = JSON.stringify(sent);
        expect(text).not.toContain(tag);
        expect(text).not.toMatch(/bearer/i);
      }
    }
  });

  it('carries the key of an attested session without its tag', async () => {
    const own = await createApiApp();
    try {
      const created = await own.service.createSessionKey({ userId: 'alice' });
      const { attestedKey = '' } = created;
      expect(attestedKey.length).toBeGreaterThan(created.key.length);
      const verified = await own.service.verifySessionKey(attestedKey);
      const { merchantId } = own.coinflow.merchants[0] ?? { merchantId: '' };
      const sessions = [created, verified];
      const wired = await createApiApp({ options: { baseUrl: server.url, merchantId } });
      for (const one of sessions) {
        await wired.api.get('/customer/v2', { auth: one });
        expect(received.splice(0)[0]?.headers['x-coinflow-auth-session-key']).toBe(created.key);
      }
      await wired.close();
    } finally {
      await own.close();
    }
  });

  it('fills merchantId from the options unless params has it, and encodes parameters and query', async () => {
    await app.api.post('/checkout/card/{merchantId}', { auth: session });
    await app.api.post('/checkout/card/{merchantId}', { auth: session, params: { merchantId: 'sub merchant' } });
    await app.api.get('/merchant/payments/{paymentId}', {
      auth: 'merchant',
      params: { paymentId: 'a?b#c ü;' },
      query: { from: 'a&b', status: ['x', 'y'], limit: 5, all: true, none: undefined },
    });
    expect(received.map(({ path }) => path)).toEqual([
      '/api/checkout/card/ours',
      '/api/checkout/card/sub%20merchant',
      '/api/merchant/payments/a%3Fb%23c%20%C3%BC%3B?from=a%26b&status=x&status=y&limit=5&all=true',
    ]);
  });

  it('carries the API key that the function returns for this call, and asks it only for calls with that key', async () => {
    let calls = 0;
    apiKey = () => Promise.resolve(`key-${(calls += 1)}`);
    for (const auth of ['merchant', 'none', session, { userId: 'alice' }, SIGNED, [session, 'merchant']]) {
      await app.api.get('/merchant', { auth: auth as 'merchant' });
    }
    expect(received.map(({ headers }) => headers.authorization)).toEqual([
      'key-1',
      undefined,
      undefined,
      'key-2',
      undefined,
      'key-3',
    ]);
  });

  it.each<[string, () => string | Promise<string>, string]>([
    ['throws', () => Promise.reject(new Error('canary')), 'COINFLOW_UNAVAILABLE'],
    ['returns Bearer', () => 'Bearer canary', 'COINFLOW_MISCONFIGURED'],
    ['returns a line break', () => 'canary\r\na: b', 'COINFLOW_MISCONFIGURED'],
    ['returns nothing', () => '', 'COINFLOW_MISCONFIGURED'],
  ])('is not made when the function of the API key %s', async (_, broken, code) => {
    apiKey = broken;
    const error = await app.failure('POST /merchant/withdraws/payout', { auth: 'merchant', body: {} });
    expect(error).toMatchObject({ code });
    expect(String(error)).not.toContain('canary');
    expect(received).toEqual([]);
  });

  it('sends the body as it was when the call was made, to each attempt', async () => {
    const body = { idempotencyKey: 'a', amount: 1 };
    server.script((request, response) => {
      body.amount = 2;
      request.resume().on('end', () => response.writeHead(503).end());
    }, record);
    await app.api.post('/checkout/link', { auth: { userId: 'alice' }, body });
    expect(received.map((one) => one.body)).toEqual(['{"idempotencyKey":"a","amount":1}']);
  });
});
