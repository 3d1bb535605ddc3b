import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { startCoinflowEmulator, type CoinflowEmulator, type EmulatorOperation } from 'coinflow-emulator';
import {
  OPERATIONS,
  OPERATION_NAMES,
  type OperationCredential,
} from '../libs/coinflow-emulator/src/operations/operations.js';
import { EmulatorClient, walletHeaders } from './harness/emulator-client.js';
import { send, type SentResponse } from './harness/send.js';
import { walletOn } from './harness/wallets.js';

type Headers = Record<string, string>;

const ACH = 'POST /checkout/ach/{merchantId}';
const SENT = ['session', 'user', 'wallet', 'signed-wallet', 'merchant', 'session+merchant', 'none'] as const;
type Sent = (typeof SENT)[number];

/** The credentials that an operation accepts, by the credential that Coinflow documents. */
const ACCEPTED: Record<OperationCredential, readonly Sent[]> = {
  session: ['session', 'session+merchant'],
  user: ['user'],
  wallet: ['wallet', 'signed-wallet'],
  merchant: ['merchant', 'session+merchant', 'user', 'wallet'],
  'session+merchant': ['session+merchant'],
  none: SENT,
};

/** What is missing, in the words of the API, if nothing else is sent. */
const NOT_SET = { message: 'Error Processing your request', details: 'Authorization header not set' };
const missing = (header: string): object => ({ details: `Header x-coinflow-auth-${header} is required` });

function responseTo(credential: OperationCredential, sent: Sent): object {
  switch (credential) {
    case 'session':
      return missing('session-key');
    case 'session+merchant':
      return sent === 'session' ? NOT_SET : missing('session-key');
    case 'merchant':
    case 'none':
      return NOT_SET;
    case 'wallet':
      return missing('wallet');
    case 'user':
      if (sent === 'session') return { message: 'Authentication Failed' };
      return sent.includes('merchant') || sent === 'wallet' ? missing('user-id') : NOT_SET;
  }
}

describe('emulator: operations', () => {
  let coinflow: CoinflowEmulator;
  let client: EmulatorClient;
  let headersFor: Record<Sent, Headers>;

  beforeAll(async () => {
    coinflow = await startCoinflowEmulator();
    client = new EmulatorClient(coinflow);
    const wallet = walletOn('solana');
    const session = { 'x-coinflow-auth-session-key': await client.create() };
    const merchant = { authorization: client.apiKey };
    headersFor = {
      session,
      merchant,
      user: { ...merchant, 'x-coinflow-auth-user-id': 'alice' },
      wallet: { ...merchant, ...walletHeaders(wallet) },
      'signed-wallet': await client.signed(wallet),
      'session+merchant': { ...session, ...merchant },
      none: {},
    };
  });
  afterEach(() => {
    coinflow.clearResponses();
    coinflow.clearCalls();
  });
  afterAll(() => coinflow.close());

  const call = (operation: EmulatorOperation, headers: Headers, body?: unknown): Promise<SentResponse> =>
    client.call(operation, headers, body);

  it('knows every operation of the table', () => {
    expect(OPERATION_NAMES).toHaveLength(174);
  });

  it.each(OPERATION_NAMES)(
    'accepts the documented credentials for %s and names what else is missing',
    async (operation) => {
      const { credential } = OPERATIONS[operation];
      coinflow.respond(operation, { body: { canned: true } });
      for (const sent of SENT) {
        const { status, body } = await call(operation, headersFor[sent]);
        expect(coinflow.calls.at(-1)).toMatchObject({ endpoint: operation, credentials: sent, status });
        if (ACCEPTED[credential].includes(sent)) expect([sent, status, body]).toEqual([sent, 200, { canned: true }]);
        else expect([sent, status, body]).toMatchObject([sent, 401, responseTo(credential, sent)]);
      }
    },
  );

  it('responds with 200 and {} by default', async () => {
    const real = ['POST /checkout/card/{merchantId}', 'GET /withdraw', 'GET /customer/v2'];
    for (const operation of OPERATION_NAMES.filter((name) => !real.includes(name))) {
      const headers = headersFor[OPERATIONS[operation].credential];
      // The HTTP client of Node sends no valid body with other methods.
      const sent = /^P/.test(operation) ? { reason: 'every operation accepts a body' } : undefined;
      const { status, body } = await call(operation, headers, sent);
      expect([operation, status, body]).toEqual([operation, 200, {}]);
    }
    coinflow.reset();
  });

  it('rejects an API key with the prefix Bearer and a session key with a tag', async () => {
    const bearer = { authorization: `Bearer ${client.apiKey}` };
    expect(await call('GET /merchant', bearer)).toMatchObject({ status: 401, body: { message: 'Invalid API key' } });
    const tagged = { 'x-coinflow-auth-session-key': `${await client.create()}~tag` };
    expect(await call(ACH, tagged)).toMatchObject({ status: 401, body: { message: 'Invalid or expired session key' } });
  });

  it('responds with the canned response of an operation the given number of times', async () => {
    coinflow.respond(ACH, { status: 428, body: { message: 'verify' }, headers: { 'x-a': 'b' }, delayMs: 20 }, 1);
    const before = performance.now();
    expect(await call(ACH, headersFor.session)).toMatchObject({
      status: 428,
      body: { message: 'verify' },
      headers: { 'x-a': 'b', 'content-type': 'application/json; charset=utf-8' },
    });
    expect(performance.now() - before).toBeGreaterThan(18);
    expect(await call(ACH, headersFor.session)).toMatchObject({ status: 200, body: {} });
    expect(coinflow.countCalls(ACH)).toBe(2);
  });

  it('names the closest operations of an unknown one', () => {
    const respond = (name: string): void => coinflow.respond(name as EmulatorOperation, {});
    expect(() => respond('POST /api/checkout/ach/demo-merchant')).toThrow(`Did you mean "${ACH}"?`);
    expect(() => respond('POST /checkout/ahc/{merchantId}')).toThrow(ACH);
    expect(() => respond('toString')).toThrow(RangeError);
  });

  it('counts every call without an API key in the limit of Verify Token, and the others in that of the merchant', async () => {
    coinflow.setLimits({ withoutKey: 3, withKey: 1 });
    const key = headersFor.session['x-coinflow-auth-session-key'] ?? '';
    expect((await client.verify(key)).status).toBe(200);
    expect((await call('GET /customer/history', headersFor.session)).status).toBe(200);
    expect((await call('GET /utils/contract-address', {})).status).toBe(200);
    expect((await client.verify(key)).status).toBe(429);
    expect((await call('GET /customer/history', headersFor.session)).status).toBe(429);
    expect((await call('GET /merchant', headersFor.merchant)).status).toBe(200);
    expect((await call('GET /merchant', headersFor.merchant)).status).toBe(429);
    coinflow.setLimits({ withoutKey: 0, withKey: 0 });
  });

  describe('paths', () => {
    it('prefers the literal to the parameter, and accepts encoded parameters', async () => {
      const get = (path: string): Promise<SentResponse> => client.get(path, headersFor.merchant);
      expect((await get('/api/merchant/chargebacks/rate?from=2026')).status).toBe(200);
      expect(coinflow.calls.at(-1)).toMatchObject({
        endpoint: 'GET /merchant/chargebacks/rate',
        path: '/api/merchant/chargebacks/rate',
      });
      const path = `/api/merchant/payments/${encodeURIComponent('a/b ü')}${'x'.repeat(200)}`;
      expect((await get(path)).status).toBe(200);
      expect(coinflow.calls.at(-1)).toMatchObject({ endpoint: 'GET /merchant/payments/{paymentId}', path });
    });

    it.each(['/api/nothing', '/api/checkout/card/', '/api/merchant/payments/a/b', '/api/tokenize', '/api'])(
      'knows no operation %s',
      async (path) => {
        expect((await client.get(path, headersFor['session+merchant'])).status).toBe(404);
        expect(coinflow.calls).toEqual([]);
      },
    );

    it('rejects an unknown merchant and the merchant of other credentials', async () => {
      const pay = async (merchantId: string): Promise<number> =>
        (await send(`${coinflow.url}/api/checkout/ach/${merchantId}`, { method: 'POST', headers: headersFor.session }))
          .status;
      expect(await pay('demo%2Dmerchant')).toBe(200);
      expect(await pay('unknown')).toBe(404);
      expect(await pay('other-merchant')).toBe(401);
      const [, other] = coinflow.merchants;
      const both = { ...headersFor.session, authorization: other?.apiKey ?? '' };
      expect((await call('GET /merchant/v2', both)).status).toBe(401);
    });

    it('allows pages of this machine to call an operation with each of its methods', async () => {
      const headers = { origin: 'http://localhost:3000', 'access-control-request-method': 'POST' };
      const preflight = await send(`${coinflow.url}/api/checkout/ach/demo-merchant`, { method: 'OPTIONS', headers });
      expect(preflight).toMatchObject({ status: 204, headers: { 'access-control-allow-methods': 'POST' } });
      expect((await send(`${coinflow.url}/api/nothing`, { method: 'OPTIONS', headers })).status).toBe(404);
    });
  });

  it('accepts a signed message for several operations until Get Session Key uses it up', async () => {
    const wallet = walletOn('eth');
    const signed = await client.signed(wallet);
    expect((await call('GET /withdraw/balances', signed)).status).toBe(200);
    expect((await call('GET /withdraw/balances', signed)).status).toBe(200);
    const forged = { ...signed, 'x-coinflow-auth-signed-message': `0x${'1'.repeat(130)}` };
    expect((await call('GET /withdraw/balances', forged)).status).toBe(401);
    expect((await client.sessionKey(signed)).status).toBe(200);
    expect((await call('GET /withdraw/balances', signed)).status).toBe(401);
  });

  it('logs calls without secrets, bodies and card numbers', async () => {
    const opaque = coinflow.signSessionKey({ customerId: 'alice' });
    await call('GET /merchant/v2', { ...headersFor['session+merchant'], 'x-mistaken': '4242 4242 4242 4242' });
    await client.get(`/api/customer/history/${opaque}?key=${opaque}`, headersFor['signed-wallet']);
    await send(`${coinflow.url}/api/customer/card/4242424242424242`, { method: 'DELETE', headers: headersFor.session });
    await call(ACH, headersFor.session, { secret: 'in-the-body' });
    expect(coinflow.calls).toMatchObject([
      { headers: { authorization: '***', 'x-coinflow-auth-session-key': '***', 'x-mistaken': '***' } },
      { path: '/api/customer/history/***', credentials: 'signed-wallet' },
      { endpoint: 'DELETE /customer/card/{cardToken}', path: '/api/customer/card/***' },
      { endpoint: ACH, method: 'POST' },
    ]);
    const logged = JSON.stringify(coinflow.calls);
    const sent = Object.values(headersFor).flatMap((headers) => Object.values(headers));
    const secrets = [...sent, opaque, 'in-the-body'];
    const isPublic = (text: string): boolean => /^(alice|solana|demo-merchant|\w{32,44})$/.test(text);
    expect(secrets.filter((secret) => !isPublic(secret) && logged.includes(secret))).toEqual([]);
    expect((await client.get('/_emulator/state')).body).toMatchObject({ counts: { [ACH]: 1, verify: 0 } });
  });
});
