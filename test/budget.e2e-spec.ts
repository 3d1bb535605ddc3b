import { afterEach, describe, expect, it, jest } from '@jest/globals';
import type { CoinflowBudgetOptions } from 'nestjs-coinflow-auth';
import type { TrustProxy } from '../apps/sample/src/trust-proxy.js';
import { stopClock } from './harness/clock.js';
import { PLATFORMS, createTestApp, forge, unseenKey, type TestApp } from './harness/create-test-app.js';
import type { SentResponse } from './harness/send.js';
import { ShopController } from './harness/shop.controller.js';

const REJECTED = { status: 401, body: { code: 'COINFLOW_SESSION_REJECTED' } };
const TOO_MANY = { status: 429, body: { code: 'COINFLOW_TOO_MANY_REQUESTS' } };
const EXHAUSTED = { status: 503, body: { code: 'COINFLOW_BUDGET_EXHAUSTED' } };
const NO_CALLS = { knownKeys: 0, revalidations: 0, newKeys: 0, walletLogins: 0, apiCalls: 0 };
const BEHIND_ONE_PROXY: TrustProxy = (_, hop) => hop < 1;

describe.each(PLATFORMS)('the budget on %s', (platform) => {
  let app: TestApp;
  let serial = 0;

  afterEach(async () => {
    jest.useRealTimers();
    await app.close();
  });

  interface Start {
    budget?: CoinflowBudgetOptions;
    trustProxy?: TrustProxy;
  }

  /** Three rejections per client, and more calls than a test makes. */
  async function start({ budget, trustProxy }: Start = {}): Promise<void> {
    const generous = { verificationsPerMinute: 1_000, rejectionsPerClient: 3, ...budget };
    app = await createTestApp({ platform, controllers: [ShopController], options: { budget: generous }, trustProxy });
  }

  const newKey = (): string => unseenKey(app.coinflow, { customerId: `user-${(serial += 1)}` });
  const invalidKey = (): string => forge(newKey());

  function from(address: string | undefined, key: string, path = '/guarded'): Promise<SentResponse> {
    const forwarded: Record<string, string> = address === undefined ? {} : { 'x-forwarded-for': address };
    return app.send(path, { headers: { 'x-coinflow-auth-session-key': key, ...forwarded } });
  }

  it('answers 429 with Retry-After, and makes no call, for a client whose keys Coinflow has rejected', async () => {
    await start();
    for (let i = 0; i < 3; i += 1) expect(await app.get('/guarded', invalidKey())).toMatchObject(REJECTED);
    for (const [path, key] of [
      ['/guarded', invalidKey()],
      ['/guarded', newKey()],
      ['/optional', invalidKey()],
    ] as const) {
      const answer = await app.get(path, key);
      expect(answer).toMatchObject({
        ...TOO_MANY,
        body: {
          statusCode: 429,
          error: 'Too Many Requests',
          message: 'Too many requests. Try again later.',
          code: 'COINFLOW_TOO_MANY_REQUESTS',
        },
      });
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(50);
      expect(Number(answer.headers['retry-after'])).toBeLessThanOrEqual(60);
      expect('www-authenticate' in answer.headers).toBe(false);
    }
    expect(app.coinflow.countCalls('verify')).toBe(3);
    const { decisions, budget } = app.service.metrics();
    expect(decisions).toMatchObject({
      total: 6,
      byOutcome: { unauthenticated: 3, 'rate-limited': 3 },
      byDecidedBy: { coinflow: 3, budget: 3 },
      byCode: { COINFLOW_TOO_MANY_REQUESTS: 3 },
    });
    expect(budget).toEqual({
      used: { ...NO_CALLS, newKeys: 3 },
      exhausted: NO_CALLS,
      rateLimited: { ...NO_CALLS, newKeys: 3 },
      closedForMs: 0,
    });
    const warnings = app.logger.at('warn').filter((line) => line.includes('[rejections-per-client]'));
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).not.toContain('127.0.0.1');
  });

  it('authenticates known users of a client whose keys were rejected, and ends its limit after a minute', async () => {
    const clock = stopClock();
    await start();
    const { key, attestedKey = '' } = await app.service.createSessionKey({ userId: 'alice' });
    const verified = newKey();
    expect(await app.get('/guarded', verified)).toMatchObject({ status: 200 });
    for (let i = 0; i < 5; i += 1) await app.get('/guarded', invalidKey());
    expect(await app.get('/guarded', newKey())).toMatchObject(TOO_MANY);
    for (const known of [key, attestedKey, verified]) {
      expect(await app.get('/guarded', known)).toMatchObject({ status: 200 });
    }
    clock.advance(60_000);
    expect(await app.get('/guarded', newKey())).toMatchObject({ status: 200 });
  });

  it.each([
    ['an outage', { kind: 'reset' } as const, 'COINFLOW_UNAVAILABLE'],
    ['a 429 of Coinflow', { kind: 'status', status: 429 } as const, 'COINFLOW_BUDGET_EXHAUSTED'],
  ])('does not count %s as a rejection', async (_, fault, code) => {
    const clock = stopClock();
    await start();
    app.coinflow.fail('verify', fault);
    for (let i = 0; i < 10; i += 1) {
      expect(await app.get('/guarded', newKey())).toMatchObject({ status: 503, body: { code } });
      clock.advance(5_001);
    }
    app.coinflow.heal();
    expect(await app.get('/guarded', newKey())).toMatchObject({ status: 200 });
  });

  it('stops the calls for one client after a 429 of Coinflow, and all calls after a second one', async () => {
    const clock = stopClock();
    await start({ trustProxy: BEHIND_ONE_PROXY });
    app.coinflow.fail('verify', { kind: 'status', status: 429, headers: { 'retry-after': '7' } }, 2);
    const [first, second, third] = ['203.0.113.1', '203.0.113.2', '203.0.113.3'];
    expect(await from(first, newKey())).toMatchObject({ ...EXHAUSTED, headers: { 'retry-after': '7' } });
    clock.advance(2_000);
    expect(await from(first, newKey())).toMatchObject({ ...EXHAUSTED, headers: { 'retry-after': '5' } });
    expect(app.service.metrics().budget.closedForMs).toBe(0);
    expect(await from(second, newKey())).toMatchObject({ ...EXHAUSTED, headers: { 'retry-after': '7' } });
    expect(app.service.metrics().budget.closedForMs).toBe(7_000);
    expect(await from(third, newKey())).toMatchObject({ ...EXHAUSTED, headers: { 'retry-after': '7' } });
    expect(app.coinflow.countCalls('verify')).toBe(2);
    clock.advance(7_000);
    expect(await from(third, newKey())).toMatchObject({ status: 200 });
  });

  it('answers 503 with Retry-After when the calls for new keys are used up', async () => {
    const clock = stopClock();
    await start({ budget: { verificationsPerMinute: 8, rejectionsPerClient: 0, newKeysPerClient: 1_000 } });
    const known = newKey();
    expect(await app.get('/guarded', known)).toMatchObject({ status: 200 });
    expect(await app.get('/guarded', invalidKey())).toMatchObject(EXHAUSTED);
    clock.advance(60_000);
    expect(await app.get('/guarded', invalidKey())).toMatchObject(REJECTED);
    clock.advance(20_000);
    expect(await app.get('/guarded', invalidKey())).toMatchObject(REJECTED);
    for (const path of ['/guarded', '/optional']) {
      expect(await app.get(path, newKey())).toMatchObject({ ...EXHAUSTED, headers: { 'retry-after': '40' } });
    }
    expect(await app.get('/strict', known)).toMatchObject({ status: 200 });
    expect(app.service.metrics().decisions).toMatchObject({
      byOutcome: { unavailable: 3 },
      byDecidedBy: { budget: 3 },
      byCode: { COINFLOW_BUDGET_EXHAUSTED: 3 },
    });
    expect(app.logger.at('warn').filter((line) => line.includes('[budget-exhausted]'))).toHaveLength(2);
  });

  it('answers 429 for a key that needs too many revalidations, and accepts it on other routes', async () => {
    await start();
    const { key } = await app.service.createSessionKey({ userId: 'alice' });
    for (let i = 0; i < 10; i += 1) expect(await app.get('/strict', key)).toMatchObject({ status: 200 });
    const limited = await app.get('/strict', key);
    expect(limited).toMatchObject(TOO_MANY);
    expect(limited.headers['retry-after']).toMatch(/^\d+$/);
    expect(await app.get('/guarded', key)).toMatchObject({ status: 200 });
  });

  it('limits the client that is passed to verifySessionKey()', async () => {
    await start();
    for (let i = 0; i < 3; i += 1) {
      await expect(app.service.verifySessionKey(invalidKey(), { rateLimitClient: 'worker-1' })).rejects.toMatchObject(
        REJECTED.body,
      );
    }
    await expect(app.service.verifySessionKey(invalidKey(), { rateLimitClient: 'worker-1' })).rejects.toMatchObject(
      TOO_MANY.body,
    );
    await expect(app.service.verifySessionKey(invalidKey(), { rateLimitClient: 'worker-2' })).rejects.toMatchObject(
      REJECTED.body,
    );
    for (let i = 0; i < 5; i += 1) {
      await expect(app.service.verifySessionKey(invalidKey())).rejects.toMatchObject(REJECTED.body);
    }
  });

  describe('the client of a request', () => {
    const isLimited = async (address: string | undefined): Promise<boolean> =>
      (await from(address, invalidKey())).status === 429;

    it('the client of a request is the address that a trusted proxy forwards', async () => {
      await start({ trustProxy: BEHIND_ONE_PROXY });
      for (let i = 0; i < 3; i += 1) await from(`10.9.9.${i}, 203.0.113.7`, invalidKey());
      expect(await isLimited('203.0.113.7')).toBe(true);
      expect(await isLimited('10.9.9.9, 203.0.113.7')).toBe(true);
      expect(await isLimited('203.0.113.7, 203.0.113.8')).toBe(false);
      for (let i = 0; i < 3; i += 1) await from(`2001:db8::${i}`, invalidKey());
      expect(await isLimited('2001:db8:0:0:ffff::1')).toBe(true);
      expect(await isLimited('2001:db8:0:1::1')).toBe(false);
      expect(app.logger.at('warn').filter((line) => line.includes('[untrusted-proxy]'))).toEqual([]);
    });

    it('the client of a request is unknown behind a proxy that is not trusted, which is logged once', async () => {
      await start();
      for (let i = 0; i < 6; i += 1) expect(await isLimited('203.0.113.7')).toBe(false);
      expect(app.logger.at('warn').filter((line) => line.includes('[untrusted-proxy]'))).toEqual([
        expect.stringContaining('Set "trust proxy" (Express) or trustProxy (Fastify)'),
      ]);
      // Without such headers the address of the connection counts.
      for (let i = 0; i < 3; i += 1) await from(undefined, invalidKey());
      expect(await isLimited(undefined)).toBe(true);
    });

    it('the client of a request is unknown when the proxy forwards no address', async () => {
      await start({ trustProxy: BEHIND_ONE_PROXY });
      for (let i = 0; i < 6; i += 1) expect(await isLimited('unknown')).toBe(false);
    });

    it('the client of a request is the value that budget.getClient returns', async () => {
      const getClient: CoinflowBudgetOptions['getClient'] = ({ headers }) => String(headers['x-client'] ?? '');
      await start({ budget: { getClient } });
      const limitedAs = async (client: string): Promise<boolean> => {
        const headers = { 'x-coinflow-auth-session-key': invalidKey(), 'x-client': client };
        return (await app.send('/guarded', { headers })).status === 429;
      };
      for (let i = 0; i < 3; i += 1) expect(await limitedAs('2001:db8::1')).toBe(false);
      expect([await limitedAs('2001:db8::2'), await limitedAs('other'), await limitedAs('')]).toEqual([
        true,
        false,
        false,
      ]);
    });

    it.each<[string, () => string | undefined]>([
      [
        'throws',
        () => {
          throw new Error('canary');
        },
      ],
      ['returns a number', () => 5 as unknown as string],
    ])('the client of a request is unknown when budget.getClient %s', async (what, getClient) => {
      await start({ budget: { getClient } });
      for (let i = 0; i < 6; i += 1) expect(await from(undefined, invalidKey())).toMatchObject(REJECTED);
      expect(await from(undefined, newKey())).toMatchObject({ status: 200 });
      const logged = app.logger.at('warn').filter((line) => line.includes('[get-client-failed]'));
      expect(logged).toHaveLength(what === 'throws' ? 1 : 0);
      expect(app.logger.lines.some(({ text }) => text.includes('canary'))).toBe(false);
    });
  });
});
