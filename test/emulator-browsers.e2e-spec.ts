import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startCoinflowEmulator, type CoinflowEmulator } from 'coinflow-emulator';
import { EmulatorClient } from './harness/emulator-client.js';
import { send, type SentResponse } from './harness/send.js';

type Headers = Record<string, string>;

const PATHS = ['/api/auth', '/api/auth/session-key', '/api/auth/verify'];
const PREFLIGHT = {
  'access-control-request-method': 'GET',
  'access-control-request-headers': 'authorization,x-coinflow-auth-user-id',
};
const ALLOW_ORIGIN = 'access-control-allow-origin';

describe('emulator: CORS and Host', () => {
  let coinflow: CoinflowEmulator;

  beforeEach(async () => {
    coinflow = await startCoinflowEmulator({
      allowOrigins: ['https://app.test', 'http://shop.test:8080/'],
      allowHosts: ['Coinflow.test'],
    });
  });

  afterEach(() => coinflow.close());

  const get = (path: string, headers: Headers): Promise<SentResponse> => send(coinflow.url + path, { headers });
  const preflight = (path: string, origin: string): Promise<SentResponse> =>
    send(coinflow.url + path, { method: 'OPTIONS', headers: { origin, ...PREFLIGHT } });

  describe('a page of an allowed origin', () => {
    it.each([
      'http://localhost',
      'http://localhost:3000',
      'https://localhost:5173',
      'http://shop.localhost:3000',
      'http://127.0.0.1:8080',
      'http://127.8.9.1',
      'http://[::1]:3000',
      'https://app.test',
      'http://shop.test:8080',
    ])('allows pages of %s to call every endpoint of Coinflow', async (origin) => {
      for (const path of PATHS) {
        const allowed = { [ALLOW_ORIGIN]: origin, vary: 'origin' };
        const { status, headers } = await preflight(path, origin);
        expect([status, headers]).toEqual([204, expect.objectContaining(allowed)]);
        expect(headers['access-control-allow-methods']).toBe('GET');
        expect((await get(path, { origin })).headers).toMatchObject(allowed);
      }
    });

    it('allows every header of the API', async () => {
      const { headers } = await preflight('/api/auth/session-key', 'https://app.test');
      expect(headers['access-control-allow-headers']?.split(', ').sort()).toEqual([
        'authorization',
        'content-type',
        'x-coinflow-auth-blockchain',
        'x-coinflow-auth-merchant-id',
        'x-coinflow-auth-session-key',
        'x-coinflow-auth-signed-message',
        'x-coinflow-auth-user-id',
        'x-coinflow-auth-wallet',
        'x-coinflow-client-ip',
        'x-coinflow-submerchant-id',
        'x-device-id',
      ]);
      expect(headers).not.toHaveProperty('access-control-allow-credentials');
    });

    it('lets a page read the errors of an outage, a rate limit and a truncated body', async () => {
      const origin = 'https://app.test';
      coinflow.fail('verify', { kind: 'status', status: 503 }, 1);
      expect(await get('/api/auth/verify', { origin })).toMatchObject({
        status: 503,
        headers: { [ALLOW_ORIGIN]: origin },
      });
      coinflow.fail('verify', { kind: 'rate-limited' }, 1);
      expect(await get('/api/auth/verify', { origin })).toMatchObject({
        status: 429,
        headers: { [ALLOW_ORIGIN]: origin },
      });
      coinflow.fail('verify', { kind: 'truncated' }, 1);
      const response = await fetch(`${coinflow.url}/api/auth/verify`, { headers: { origin } });
      expect(response.headers.get(ALLOW_ORIGIN)).toBe(origin);
      await expect(response.text()).rejects.toThrow();
    });

    it('neither counts a preflight as a call nor applies a fault to it', async () => {
      coinflow.fail('verify', { kind: 'status', status: 503 });
      expect((await preflight('/api/auth/verify', 'http://localhost:3000')).status).toBe(204);
      expect(coinflow.countCalls('verify')).toBe(0);
    });
  });

  it.each([
    'https://evil.example',
    'https://app.test:8443',
    'http://app.test',
    'http://shop.test',
    'http://localhost.evil.example',
    'http://127.0.0.1.evil.example',
    'http://evil.mylocalhost',
    'http://evil.example#.localhost',
    'http://evil.example/.localhost',
    'file://localhost',
    'null',
  ])('lets pages of %s read no response', async (origin) => {
    for (const path of PATHS) {
      for (const { headers } of [await preflight(path, origin), await get(path, { origin })]) {
        expect(Object.keys(headers).filter((name) => name.startsWith('access-control-'))).toEqual([]);
        expect(headers.vary).toBe('origin');
      }
    }
  });

  it.each(['http://localhost:3000', 'https://app.test'])('rejects pages of %s at the control API', async (origin) => {
    for (const path of ['/_emulator/state', '/_emulator/session-keys', '/_emulator/nothing']) {
      const preflighted = await preflight(path, origin);
      expect(preflighted.status).toBeGreaterThanOrEqual(400);
      const got = await get(path, { origin });
      const headers = { ...preflighted.headers, ...got.headers };
      expect(Object.keys(headers).filter((name) => name.startsWith('access-control-'))).toEqual([]);
    }
    expect((await get('/_emulator/state', { origin })).status).toBe(403);
  });

  describe('a request under a host name', () => {
    const verify = async (host: string): Promise<number> => {
      const key = await new EmulatorClient(coinflow).create();
      return (await get('/api/auth/verify', { host, 'x-coinflow-auth-session-key': key })).status;
    };

    it.each([
      'localhost',
      'LOCALHOST:4010',
      'coinflow.localhost:4010',
      'host.docker.internal:4010',
      'emulator:4010',
      'my_service-1',
      '127.0.0.1:4010',
      '203.0.113.7',
      '[::1]:4010',
      '[2001:db8::7]',
      'coinflow.test:4010',
      'COINFLOW.TEST',
    ])('accepts the host name %s', async (host) => {
      expect(await verify(host)).toBe(200);
      expect((await get('/', { host })).status).toBe(200);
    });

    it.each([
      'evil.example',
      'evil.example:4010',
      '127.0.0.1.evil.example',
      'localhost.evil.example',
      'evil.mylocalhost',
      'evil.host.docker.internal',
      'coinflow.test.evil.example',
      'sub.coinflow.test',
      'localhost.',
      ']',
      'a b',
    ])('rejects the host name %s before it counts the request', async (host) => {
      expect(await verify(host)).toBe(421);
      expect(coinflow.countCalls('verify')).toBe(0);
      for (const path of ['/', '/api/auth', '/nothing', '/_emulator/state']) {
        expect((await get(path, { host })).status).toBe(421);
      }
      expect((await send(`${coinflow.url}/api/auth`, { method: 'OPTIONS', headers: { host } })).status).toBe(421);
    });

    it('names the option that allows an unknown host name', async () => {
      expect((await get('/', { host: 'shop.test:4010' })).body).toMatchObject({
        message: 'Unknown host "shop.test". If you own it, start the emulator with --allow-host shop.test.',
      });
    });

    it.each(['emulator:4010', 'coinflow.localhost', 'host.docker.internal', '203.0.113.7'])(
      'rejects the host name %s at the control API only',
      async (host) => {
        expect((await get('/_emulator/state', { host })).status).toBe(421);
      },
    );

    it('accepts an allowed host name at the control API from this machine', async () => {
      expect((await get('/_emulator/state', { host: 'coinflow.test:4010' })).status).toBe(200);
    });
  });

  it.each([
    [{ allowOrigins: ['app.test'] }, 'allowOrigins: "app.test" is not an origin'],
    [{ allowOrigins: ['file:///x'] }, 'allowOrigins: "file:///x" is not an origin'],
    [{ allowHosts: ['http://shop.test'] }, 'allowHosts: "http://shop.test" is not a host name'],
  ])('rejects the options %j', async (options, message) => {
    await expect(startCoinflowEmulator(options)).rejects.toThrow(new RegExp(`^${message}`));
  });
});
