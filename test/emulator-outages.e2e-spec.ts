import { createConnection } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startCoinflowEmulator, type CoinflowEmulator, type EmulatorFault } from 'coinflow-emulator';
import { EmulatorClient, claimsOf, walletHeaders } from './harness/emulator-client.js';
import { walletOn } from './harness/wallets.js';

const HOUR_MS = 3_600_000;
const ENDPOINTS = ['message', 'session-key', 'verify'] as const;

describe('emulator: faults, rate limits and clock', () => {
  let coinflow: CoinflowEmulator;
  let client: EmulatorClient;

  beforeEach(async () => {
    coinflow = await startCoinflowEmulator();
    client = new EmulatorClient(coinflow);
  });

  afterEach(() => coinflow.close());

  /** Calls that get a 200 without a fault. */
  const call = {
    message: () => client.message(walletHeaders(walletOn('eth'))),
    'session-key': () => client.sessionKey({ authorization: client.apiKey, 'x-coinflow-auth-user-id': 'alice' }),
    verify: () => client.verify(coinflow.signSessionKey({ customerId: 'alice' })),
  };

  /** Everything that the emulator sends until the connection ends. */
  function bytesOf(path: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const { hostname, port } = new URL(coinflow.url);
      const socket = createConnection(Number(port), hostname);
      let bytes = '';
      socket.setEncoding('utf8').on('data', (text: string) => (bytes += text));
      socket.once('error', reject).once('end', () => resolve(bytes));
      socket.write(`GET ${path} HTTP/1.1\r\nHost: ${hostname}\r\n\r\n`);
    });
  }

  describe.each(ENDPOINTS)('%s', (endpoint) => {
    it.each<[EmulatorFault, object]>([
      [
        { kind: 'status', status: 503 },
        { status: 503, body: { message: 'Status 503' } },
      ],
      [
        { kind: 'status', status: 401, headers: { 'x-a': 'b' }, body: { msg: 'no' } },
        { status: 401, body: { msg: 'no' } },
      ],
      [
        { kind: 'html', status: 502 },
        { status: 502, text: expect.stringContaining('<h1>502</h1>') },
      ],
      [
        { kind: 'raw', status: 200, body: 'invalid' },
        { status: 200, text: 'invalid' },
      ],
      [{ kind: 'ok' }, { status: 200, text: '' }],
      [{ kind: 'non-json' }, { status: 200, body: undefined, text: 'This is not JSON' }],
      [
        { kind: 'non-json', status: 401 },
        { status: 401, body: undefined },
      ],
      [{ kind: 'rate-limited' }, { status: 429, body: { message: 'Too many requests', debugId: expect.any(String) } }],
    ])('responds with the fault %j the given number of times', async (fault, answer) => {
      coinflow.fail(endpoint, fault, 2);
      expect(await call[endpoint]()).toMatchObject(answer);
      expect(coinflow.calls.at(-1)?.status).toBe((answer as { status: number }).status);
      await call[endpoint]();
      expect(await call[endpoint]()).toMatchObject({ status: 200 });
      expect(coinflow.countCalls(endpoint)).toBe(3);
    });

    it('delays the normal response with the fault delay', async () => {
      coinflow.fail(endpoint, { kind: 'delay', ms: 50 });
      const before = performance.now();
      expect(await call[endpoint]()).toMatchObject({ status: 200 });
      expect(performance.now() - before).toBeGreaterThan(45);
    });

    it('ends the connection in the middle of the body with the fault truncated', async () => {
      coinflow.fail(endpoint, { kind: 'truncated' });
      await expect(call[endpoint]()).rejects.toMatchObject({ code: 'ECONNRESET' });
      expect(coinflow.calls.at(-1)).toMatchObject({ endpoint, status: 200 });
    });

    it('resets the connection with the fault reset', async () => {
      coinflow.fail(endpoint, { kind: 'reset' });
      await expect(call[endpoint]()).rejects.toMatchObject({ code: 'ECONNRESET' });
      expect(coinflow.calls.at(-1)).toMatchObject({ endpoint, status: undefined });
    });

    it('sends no response with the fault hang until the emulator closes', async () => {
      coinflow.fail(endpoint, { kind: 'hang' });
      const hanging = call[endpoint]();
      const refused = expect(hanging).rejects.toMatchObject({ code: 'ECONNRESET' });
      while (coinflow.countCalls(endpoint) === 0) await new Promise(setImmediate);
      expect(coinflow.calls.at(-1)).toMatchObject({ endpoint, method: 'GET', status: undefined });
      await coinflow.close();
      await refused;
    });
  });

  it('announces a longer body than it sends in a truncated response', async () => {
    coinflow.fail('verify', { kind: 'truncated', status: 502 });
    const [head = '', body = ''] = (await bytesOf('/api/auth/verify')).split('\r\n\r\n');
    expect(head).toMatch(/^HTTP\/1.1 502 Bad Gateway\r\n/);
    const length = Number(/content-length: (\d+)/i.exec(head)?.[1]);
    expect(body.length).toBeGreaterThan(0);
    expect(length).toBeGreaterThan(body.length);
    expect(head).toMatch(/content-type: application\/json/i);
  });

  it('ends a delay with its connection, so that no timer outlives the emulator', async () => {
    coinflow.fail('verify', { kind: 'delay', ms: 600_000 });
    const refused = expect(call.verify()).rejects.toMatchObject({ code: 'ECONNRESET' });
    while (coinflow.countCalls('verify') === 0) await new Promise(setImmediate);
    await coinflow.close();
    await refused;
  });

  it('ends every fault on heal', async () => {
    for (const endpoint of ENDPOINTS) coinflow.fail(endpoint, { kind: 'ok' });
    coinflow.heal();
    expect(await client.verify('invalid')).toMatchObject({ status: 401 });
  });

  describe('Retry-After', () => {
    it.each<[EmulatorFault & { kind: 'rate-limited' }, unknown]>([
      [{ kind: 'rate-limited', retryAfter: 'seconds', afterSeconds: 7 }, '7'],
      [{ kind: 'rate-limited', retryAfter: 'none', afterSeconds: 7 }, undefined],
      [{ kind: 'rate-limited' }, '60'],
    ])('sets Retry-After for the fault %j', async (fault, value) => {
      coinflow.fail('verify', fault);
      expect((await call.verify()).headers['retry-after']).toBe(value);
    });

    it('computes the date of Retry-After by the clock of the emulator', async () => {
      coinflow.setClockOffset(24 * HOUR_MS);
      coinflow.fail('verify', { kind: 'rate-limited', retryAfter: 'date', afterSeconds: 7 });
      const { headers } = await call.verify();
      const waitMs = Date.parse(String(headers['retry-after'])) - Date.parse(String(headers.date));
      expect(waitMs).toBeGreaterThanOrEqual(7_000);
      expect(waitMs).toBeLessThanOrEqual(8_000);
    });
  });

  describe('rate limits', () => {
    it('limits no requests by default', async () => {
      const answers = await Promise.all(Array.from({ length: 150 }, () => client.verify('invalid')));
      expect(answers.every(({ status }) => status === 401)).toBe(true);
    });

    it('counts each merchant with its API key, and all other requests together', async () => {
      const [, other] = coinflow.merchants;
      const create = (authorization: string) =>
        client.sessionKey({ authorization, 'x-coinflow-auth-user-id': 'alice' }).then(({ status }) => status);
      coinflow.setLimits({ withKey: 2, withoutKey: 1 });
      expect([await create(client.apiKey), await create(client.apiKey), await create(client.apiKey)]).toEqual([
        200, 200, 429,
      ]);
      expect(await create(other?.apiKey ?? '')).toBe(200);
      expect(await create('wrong')).toBe(401);
      expect(await create('wrong')).toBe(429);
      expect((await call.verify()).status).toBe(429);
      expect((await call.message()).status).toBe(429);
      expect(coinflow.calls.slice(-2)).toMatchObject([
        { endpoint: 'verify', status: 429 },
        { endpoint: 'message', status: 429 },
      ]);
    });

    it('accepts requests again after a minute of its clock, as the 429 announces', async () => {
      coinflow.setLimits({ withoutKey: 1 });
      await call.verify();
      const { status, headers, body } = await call.verify();
      expect([status, body]).toEqual([429, { message: 'Too many requests', debugId: expect.any(String) }]);
      const seconds = Number(headers['retry-after']);
      expect(seconds).toBeGreaterThan(55);
      expect(seconds).toBeLessThanOrEqual(60);
      coinflow.setClockOffset(seconds * 1_000);
      expect((await call.verify()).status).toBe(200);
    });

    it.each<['date' | 'none', unknown]>([
      ['date', expect.stringMatching(/ GMT$/)],
      ['none', undefined],
    ])('supports Retry-After of the form %s', async (retryAfter, value) => {
      coinflow.setLimits({ withoutKey: 1, retryAfter });
      await call.verify();
      expect((await call.verify()).headers['retry-after']).toEqual(value);
    });

    it('applies the rate limit before a fault and does not use the fault up', async () => {
      coinflow.setLimits({ withoutKey: 1 });
      coinflow.fail('verify', { kind: 'status', status: 503 }, 2);
      expect((await call.verify()).status).toBe(503);
      expect((await call.verify()).status).toBe(429);
      coinflow.setLimits({ withoutKey: 0 });
      expect((await call.verify()).status).toBe(503);
    });
  });

  describe('the clock', () => {
    it('moves the time of signing, verification, the log and the Date header with its clock', async () => {
      const key = await client.create();
      coinflow.setClockOffset(24 * HOUR_MS);
      expect((await client.verify(key)).status).toBe(401);
      const later = claimsOf(await client.create());
      expect(Number(later.iat) - Number(claimsOf(key).iat)).toBeGreaterThanOrEqual(86_400);
      const paths = ['/', '/api/auth', '/api/auth/session-key', '/api/auth/verify', '/_emulator/state', '/nowhere'];
      for (const path of paths) {
        const { headers } = await client.get(path);
        const aheadMs = Date.parse(String(headers.date)) - Date.now();
        expect(Math.abs(aheadMs - 24 * HOUR_MS)).toBeLessThan(2_000);
      }
      expect(Date.parse(coinflow.calls.at(-1)?.at ?? '') - Date.now()).toBeGreaterThan(23 * HOUR_MS);
      coinflow.setClockOffset(-HOUR_MS);
      expect((await client.verify(key)).status).toBe(200);
    });

    it('moves the Date header of a truncated response with its clock', async () => {
      coinflow.setClockOffset(-24 * HOUR_MS);
      coinflow.fail('verify', { kind: 'truncated' });
      const date = /^date: (.*)$/im.exec(await bytesOf('/api/auth/verify'))?.[1];
      expect(Math.abs(Date.parse(date ?? '') - Date.now() + 24 * HOUR_MS)).toBeLessThan(2_000);
    });

    it('lets a fault set its own Date header', async () => {
      const date = 'Tue, 14 Nov 2023 22:13:20 GMT';
      coinflow.fail('verify', { kind: 'status', status: 401, headers: { date } });
      expect((await call.verify()).headers.date).toBe(date);
    });
  });
});
