import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startCoinflowEmulator, type CoinflowEmulator } from 'coinflow-emulator';
import { CoinflowAuthService } from './coinflow-auth.service.js';
import { resolveOptions } from './options/resolve-options.js';

describe('CoinflowAuthService', () => {
  let coinflow: CoinflowEmulator;
  let service: CoinflowAuthService;

  beforeEach(async () => {
    coinflow = await startCoinflowEmulator();
    service = new CoinflowAuthService(
      resolveOptions({
        env: 'local',
        baseUrl: coinflow.url,
        apiKey: coinflow.merchants[0]?.apiKey ?? '',
        merchantId: 'demo-merchant',
      }),
    );
  });

  afterEach(async () => {
    service.onApplicationShutdown();
    await coinflow.close();
  });

  it('sends the API key raw, and only for minting', async () => {
    const { key } = await service.createSessionKey({ userId: 'alice' }, { clientIp: '203.0.113.7' });
    await service.verifySessionKey(key, { maxAgeMs: 0 });
    const [mint, verify] = coinflow.calls;
    expect(mint).toMatchObject({
      endpoint: 'session-key',
      headers: { 'x-coinflow-auth-user-id': 'alice', 'x-coinflow-client-ip': '203.0.113.7', authorization: '***' },
    });
    expect(verify?.endpoint).toBe('verify');
    expect(verify?.headers).not.toHaveProperty('authorization');
  });

  it('keeps the connection', async () => {
    for (let i = 0; i < 3; i += 1) await service.createSessionKey({ userId: `user-${i}` });
    expect(coinflow.calls.map(({ headers }) => headers.connection)).toEqual(['keep-alive', 'keep-alive', 'keep-alive']);
  });

  it.each([
    ['userId', { userId: '' }, {}],
    ['userId', { userId: 'a\r\nauthorization: b' }, {}],
    ['userId', { userId: 'ålice' }, {}],
    ['userId', { userId: 5 as unknown as string }, {}],
    ['userId', undefined as unknown as { userId: string }, {}],
    ['clientIp', { userId: 'alice' }, { clientIp: 'localhost' }],
    ['clientIp', { userId: 'alice' }, { clientIp: '' }],
  ])('a wrong %s is named before a call', async (argument, subject, options) => {
    await expect(service.createSessionKey(subject, options)).rejects.toMatchObject({
      code: 'COINFLOW_INVALID_ARGUMENT',
      argument,
    });
    expect(coinflow.calls).toEqual([]);
  });

  it.each([
    ['', 'COINFLOW_SESSION_KEY_MISSING'],
    [undefined, 'COINFLOW_SESSION_KEY_MISSING'],
    [5, 'COINFLOW_SESSION_KEY_MALFORMED'],
    [{ toString: () => 'key' }, 'COINFLOW_SESSION_KEY_MALFORMED'],
  ])('verifySessionKey(%p) rejects with %s', async (key, code) => {
    await expect(service.verifySessionKey(key as string)).rejects.toMatchObject({ code });
  });

  it.each([-1, NaN, 'a' as unknown as number])('maxAgeMs %p is named', async (maxAgeMs) => {
    await expect(service.verifySessionKey('key', { maxAgeMs })).rejects.toMatchObject({ argument: 'maxAgeMs' });
  });

  it('tells a wrong API key from a refused user', async () => {
    const wrong = new CoinflowAuthService(
      resolveOptions({ env: 'local', baseUrl: coinflow.url, apiKey: 'wrong', merchantId: 'demo-merchant' }),
    );
    await expect(wrong.createSessionKey({ userId: 'alice' })).rejects.toMatchObject({
      code: 'COINFLOW_MISCONFIGURED',
      reason: 'api-key-refused',
      action: expect.stringContaining('COINFLOW_API_KEY'),
    });
    wrong.onApplicationShutdown();
  });

  it('gives up a call that drips, at the time limit', async () => {
    const impatient = new CoinflowAuthService(
      resolveOptions({
        env: 'local',
        baseUrl: coinflow.url,
        apiKey: 'k',
        merchantId: 'demo-merchant',
        http: { timeoutMs: 50 },
      }),
    );
    coinflow.fail('session-key', { kind: 'hang' });
    await expect(impatient.createSessionKey({ userId: 'alice' })).rejects.toMatchObject({ reason: 'timeout' });
    impatient.onApplicationShutdown();
  });

  it('says what is wrong when nothing listens', async () => {
    const { url } = coinflow;
    await coinflow.close();
    const lonely = new CoinflowAuthService(
      resolveOptions({ env: 'local', baseUrl: url, apiKey: 'k', merchantId: 'm' }),
    );
    await expect(lonely.createSessionKey({ userId: 'alice' })).rejects.toMatchObject({
      code: 'COINFLOW_UNAVAILABLE',
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });
});
