import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { CoinflowEmulator } from './coinflow-emulator.js';
import { startCoinflowEmulator } from './start-emulator.js';

interface Answer {
  status: number;
  body: unknown;
}

describe('startCoinflowEmulator', () => {
  let coinflow: CoinflowEmulator;
  const apiKey = 'coinflow_emulator_key_of_demo_merchant';
  const SESSION_KEY = 'x-coinflow-auth-session-key';

  beforeEach(async () => {
    coinflow = await startCoinflowEmulator();
  });

  afterEach(() => coinflow.close());

  async function get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    const response = await fetch(`${coinflow.url}/api/auth/${path}`, { headers });
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
  }

  async function create(headers: Record<string, string>): Promise<{ key: string; claims: Record<string, unknown> }> {
    const answer = await get('session-key', headers);
    const { key } = answer.body as { key: string };
    const payload = Buffer.from(key.split('.')[1] ?? '', 'base64url').toString();
    return { key, claims: JSON.parse(payload) as Record<string, unknown> };
  }

  it('creates a key for a user with the claims of Coinflow', async () => {
    const { key, claims } = await create({ authorization: apiKey, 'x-coinflow-auth-user-id': 'alice' });
    expect(Buffer.from(key.split('.')[0] ?? '', 'base64url').toString()).toBe('{"alg":"HS256","typ":"JWT"}');
    expect(claims).toEqual({
      customerId: 'alice',
      merchantId: 'demo-merchant',
      iat: expect.any(Number),
      exp: expect.any(Number),
    });
    expect(Number(claims.exp) - Number(claims.iat)).toBe(86_400);
    expect(await get('verify', { [SESSION_KEY]: key })).toEqual({ status: 200, body: undefined });
  });

  it('creates a key for a wallet', async () => {
    const headers = { authorization: apiKey, 'x-coinflow-auth-wallet': '0x1', 'x-coinflow-auth-blockchain': 'eth' };
    expect((await create(headers)).claims).toMatchObject({
      wallet: '0x1',
      blockchain: 'eth',
      merchantId: 'demo-merchant',
    });
  });

  it('creates a key of the merchant with the API key', async () => {
    const [, other] = coinflow.merchants;
    const { claims, key } = await create({ authorization: other?.apiKey ?? '', 'x-coinflow-auth-user-id': 'alice' });
    expect(claims).toMatchObject({ merchantId: 'other-merchant' });
    expect(await get('verify', { [SESSION_KEY]: key })).toMatchObject({ status: 200 });
  });

  it.each<[Record<string, string>, number, unknown]>([
    [{}, 401, { details: 'Header authorization is required' }],
    [{ authorization: 'wrong' }, 401, { message: 'Invalid API key', debugId: expect.any(String) }],
    [{ authorization: `Bearer ${apiKey}` }, 401, { message: 'Invalid API key', debugId: expect.any(String) }],
    [{ authorization: apiKey }, 401, { details: 'Header x-coinflow-auth-user-id is required' }],
    [
      { authorization: apiKey, 'x-coinflow-auth-wallet': '0x1' },
      401,
      { details: 'Header x-coinflow-auth-blockchain is required' },
    ],
    [
      { authorization: apiKey, 'x-coinflow-auth-wallet': '0x1', 'x-coinflow-auth-user-id': 'alice' },
      400,
      { message: expect.stringContaining('either'), debugId: expect.any(String) },
    ],
  ])('rejects a request for a key with the headers %j', async (headers, status, body) => {
    expect(await get('session-key', headers)).toEqual({ status, body });
  });

  it.each<[string, (coinflow: CoinflowEmulator) => string]>([
    ['malformed', () => 'invalid'],
    ['an expired key', (emulator) => emulator.signSessionKey({ exp: 1_700_000_000 })],
    ['alg: none', (emulator) => `eyJhbGciOiJub25lIn0.${emulator.signSessionKey({}).split('.')[1]}.`],
  ])('rejects a key: %s', async (_, keyFor) => {
    expect(await get('verify', { [SESSION_KEY]: keyFor(coinflow) })).toMatchObject({ status: 401 });
  });

  it('rejects a key of another emulator and a missing key', async () => {
    const other = await startCoinflowEmulator();
    expect(await get('verify', { [SESSION_KEY]: other.signSessionKey({}) })).toMatchObject({ status: 401 });
    await other.close();
    expect(await get('verify')).toEqual({ status: 401, body: { details: `Header ${SESSION_KEY} is required` } });
  });

  it('accepts other merchants', async () => {
    const own = await startCoinflowEmulator({ merchants: [{ merchantId: 'mine', apiKey: 'k' }] });
    expect(own.merchants).toEqual([{ merchantId: 'mine', apiKey: 'k' }]);
    expect(await (await fetch(own.url)).json()).toEqual({ emulates: 'Coinflow', merchants: ['mine'] });
    await own.close();
  });

  it('fails the given number of times, or until it is healed', async () => {
    const verify = () => get('verify', { [SESSION_KEY]: coinflow.signSessionKey({}) });
    coinflow.fail('verify', { kind: 'status', status: 500 }, 2);
    expect([(await verify()).status, (await verify()).status, (await verify()).status]).toEqual([500, 500, 200]);
    coinflow.fail('verify', { kind: 'reset' });
    await expect(verify()).rejects.toThrow();
    coinflow.heal();
    expect((await verify()).status).toBe(200);
  });

  it('keeps a log of calls with masked secrets', async () => {
    await get('session-key', { authorization: apiKey, 'x-coinflow-auth-user-id': 'alice' });
    await get('verify', { [SESSION_KEY]: 'secret' });
    expect(coinflow.calls).toMatchObject([
      { endpoint: 'session-key', headers: { authorization: '***', 'x-coinflow-auth-user-id': 'alice' } },
      { endpoint: 'verify', headers: { [SESSION_KEY]: '***' } },
    ]);
    expect([coinflow.countCalls('session-key'), coinflow.countCalls('verify')]).toEqual([1, 1]);
    coinflow.clearCalls();
    expect([coinflow.calls.length, coinflow.countCalls('verify')]).toEqual([0, 0]);
  });
});
