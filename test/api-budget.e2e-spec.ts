import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get } from '@nestjs/common';
import { CoinflowApi, CoinflowAuth, CurrentSession, type CoinflowSession } from 'nestjs-coinflow-auth';
import { redisSharedStore } from 'nestjs-coinflow-auth/redis';
import { createTestSession } from 'nestjs-coinflow-auth/testing';
import type { EmulatorOperation } from 'coinflow-emulator';
import { createApiApp, type ApiApp } from './harness/api-app.js';
import { PLATFORMS, unseenKey } from './harness/create-test-app.js';
import { RedisServer, describeWithRedis, type RedisClient } from './harness/redis-server.js';
import { ShopController } from './harness/shop.controller.js';

const HISTORY = 'GET /customer/history';
const EXHAUSTED = { code: 'COINFLOW_BUDGET_EXHAUSTED', reason: 'budget-exhausted' };
const LIMITED = { code: 'COINFLOW_BUDGET_EXHAUSTED', reason: 'rate-limited-by-coinflow' };
const COOLDOWN = { code: 'COINFLOW_BUDGET_EXHAUSTED', reason: 'rate-limit-cooldown' };

@Controller()
class AccountController {
  constructor(private readonly api: CoinflowApi) {}

  @Get('account')
  @CoinflowAuth()
  account(@CurrentSession() session: CoinflowSession): Promise<unknown> {
    return this.api.get('/customer/v2', { auth: session });
  }
}

describe('the budget of CoinflowApi', () => {
  let app: ApiApp;

  const start = async (callsPerMinute: number): Promise<void> => {
    app = await createApiApp({
      controllers: [ShopController, AccountController],
      options: { api: { callsPerMinute } },
    });
  };
  afterEach(() => app.close());

  const verifyNewKeys = async (count: number): Promise<number[]> => {
    const statuses: number[] = [];
    for (let index = 0; index < count; index += 1) {
      const key = unseenKey(app.coinflow, { customerId: `new-${index}-${Math.random()}` });
      statuses.push((await app.get('/guarded', key)).status);
    }
    return [...new Set(statuses)];
  };

  it('counts calls without the API key, and not those with it', async () => {
    await start(4);
    for (let index = 0; index < 4; index += 1) await app.call(HISTORY, { auth: await app.session(`user-${index}`) });
    for (const auth of [await app.session('another'), 'none']) {
      const error = await app.failure('GET /utils/contract-address', { auth });
      expect(error).toMatchObject(EXHAUSTED);
      expect((error as { retryAfterMs: number }).retryAfterMs).toBeGreaterThan(0);
    }
    const session = await app.session();
    for (const auth of ['merchant', { userId: 'alice' }, [session, 'merchant']]) {
      for (let time = 0; time < 5; time += 1) await app.call('GET /merchant', { auth });
    }
    expect(app.service.metrics().budget.used.apiCalls).toBe(4);
    // The guard goes on: its calls are counted apart.
    expect(await verifyNewKeys(10)).toEqual([200]);
  });

  it('gives one user half of the calls, over all of its sessions', async () => {
    await start(6);
    for (let time = 0; time < 3; time += 1) await app.call(HISTORY, { auth: await app.session('alice') });
    expect(await app.failure(HISTORY, { auth: await app.session('alice') })).toMatchObject({
      code: 'COINFLOW_TOO_MANY_REQUESTS',
      reason: 'api-calls-per-user',
    });
    await app.call(HISTORY, { auth: await app.session('bob') });
    expect(app.coinflow.countCalls(HISTORY)).toBe(4);
  });

  it('takes one call for all attempts of a call, and none for one that is refused before', async () => {
    await start(2);
    const session = await app.session();
    app.coinflow.fail(HISTORY, { kind: 'status', status: 503 }, 2);
    await app.call(HISTORY, { auth: session });
    expect(app.coinflow.countCalls(HISTORY)).toBe(3);
    expect(await app.failure(HISTORY, { auth: session, query: { a: null } })).toMatchObject({
      code: 'COINFLOW_INVALID_ARGUMENT',
    });
    await app.call(HISTORY, { auth: await app.session('bob') });
  });

  it('leaves verification alone when Coinflow answers an operation 429', async () => {
    await start(1_000);
    app.coinflow.fail(HISTORY, { kind: 'rate-limited' });
    const sessions = await Promise.all(['alice', 'bob', 'carol'].map((user) => app.session(user)));
    const errors = [];
    for (const auth of sessions) errors.push(await app.failure(HISTORY, { auth }));
    // The second user's 429 shows that all calls without the API key are limited.
    expect(errors).toMatchObject([LIMITED, LIMITED, COOLDOWN]);
    expect(app.coinflow.countCalls(HISTORY)).toBe(2);
    expect(await verifyNewKeys(20)).toEqual([200]);
    expect(app.service.metrics().budget.closedForMs).toBe(0);
    expect(await app.failure('POST /checkout/fees', { auth: sessions[0] })).toMatchObject(COOLDOWN);
    expect(await app.call('GET /merchant', { auth: 'merchant' })).toEqual({});
  });

  it('does not close for calls with the API key, which Coinflow counts apart', async () => {
    await start(1_000);
    app.coinflow.fail('GET /merchant', { kind: 'rate-limited' }, 1);
    expect(await app.failure('GET /merchant', { auth: 'merchant' })).toMatchObject(LIMITED);
    expect(await app.call('GET /merchant', { auth: 'merchant' })).toEqual({});
    expect(await app.call(HISTORY, { auth: await app.session() })).toEqual({});
  });

  it('takes the 429 of an operation that documents it for what it says, and closes nothing', async () => {
    await start(1_000);
    const operation = 'POST /checkout/merchant-initiated-transaction';
    app.coinflow.respond(operation, { status: 429 });
    for (const auth of [{ userId: 'alice' }, await app.session()]) {
      expect(await app.failure(operation, { auth })).toMatchObject({
        code: 'COINFLOW_API_ERROR',
        reason: auth instanceof Object && 'userId' in auth ? 'too-many-transactions' : 'credentials-rejected',
      });
    }
    expect(await app.call(HISTORY, { auth: await app.session() })).toEqual({});
  });

  it('shares the limit of Coinflow with Verify Token, as the emulator counts it', async () => {
    await start(1_000);
    const session = await app.session();
    app.coinflow.setLimits({ withoutKey: 3, withKey: 0 });
    for (let time = 0; time < 3; time += 1) await app.call(HISTORY, { auth: session });
    expect(await verifyNewKeys(1)).toEqual([503]);
    app.coinflow.setLimits({ withoutKey: 0, withKey: 0 });
  });

  describe('after a 401 of a call with a session', () => {
    it('revalidates the key once: a rejected key is rejected from then on, and its signal fires', async () => {
      await start(1_000);
      const key = unseenKey(app.coinflow);
      expect((await app.get('/guarded', key)).status).toBe(200);
      const session = await app.service.verifySessionKey(key);
      const signal = app.service.sessionSignal(session);
      app.coinflow.fail('verify', { kind: 'status', status: 401 });
      app.coinflow.fail('GET /customer/v2', { kind: 'status', status: 401 });
      const before = app.coinflow.countCalls('verify');
      const { status, body } = await app.get('/account', key);
      expect([status, body]).toMatchObject([401, { code: 'COINFLOW_SESSION_REJECTED' }]);
      expect(app.coinflow.countCalls('verify') - before).toBe(1);
      expect(signal.aborted).toBe(true);
      expect((await app.get('/guarded', key)).status).toBe(401);
      // The session that the application still holds is refused before anything is sent.
      const calls = app.coinflow.calls.length;
      expect(await app.failure(HISTORY, { auth: session })).toMatchObject({ code: 'COINFLOW_SESSION_REJECTED' });
      expect(app.coinflow.calls.length).toBe(calls);
    });

    it('answers the client 500 if Coinflow accepts the key', async () => {
      await start(1_000);
      const key = unseenKey(app.coinflow);
      app.coinflow.fail('GET /customer/v2', { kind: 'status', status: 401, body: { message: 'canary' } });
      const { status, body, text } = await app.get('/account', key);
      expect([status, body]).toMatchObject([500, { code: 'COINFLOW_API_ERROR', reason: 'credentials-rejected' }]);
      expect(text).not.toContain('canary');
      expect((await app.get('/guarded', key)).status).toBe(200);
    });

    it('answers the client 500 if it cannot be known whether the key is valid', async () => {
      await start(1_000);
      const key = unseenKey(app.coinflow);
      await app.get('/guarded', key);
      app.coinflow.fail('GET /customer/v2', { kind: 'status', status: 401 });
      app.coinflow.fail('verify', { kind: 'rate-limited' });
      expect(await app.get('/account', key)).toMatchObject({ status: 500, body: { reason: 'credentials-rejected' } });
    });

    it('does not revalidate after a call without a session, or after another refusal', async () => {
      await start(1_000);
      const session = await app.session();
      const before = app.coinflow.countCalls('verify');
      app.coinflow.fail(HISTORY, { kind: 'status', status: 401 });
      expect(await app.failure(HISTORY, { auth: 'merchant' })).toMatchObject({ reason: 'credentials-rejected' });
      app.coinflow.fail(HISTORY, { kind: 'status', status: 403 });
      expect(await app.failure(HISTORY, { auth: session })).toMatchObject({ reason: 'request-rejected' });
      expect(app.coinflow.countCalls('verify')).toBe(before);
    });

    it('calls Verify Token few times for two hundred concurrent ones of one user', async () => {
      await start(10_000);
      const session = await app.session();
      app.coinflow.fail(HISTORY, { kind: 'status', status: 401 });
      const before = app.coinflow.countCalls('verify');
      const errors = await Promise.all(Array.from({ length: 200 }, () => app.failure(HISTORY, { auth: session })));
      expect(errors.every((error) => (error as { reason?: string }).reason === 'credentials-rejected')).toBe(true);
      expect(app.coinflow.countCalls(HISTORY)).toBe(200);
      // One for all of them, one for those that began during it, and the endpoint probe.
      expect(app.coinflow.countCalls('verify') - before).toBeLessThanOrEqual(3);
    });
  });

  it('sends nothing with a session that was revoked or has expired', async () => {
    await start(1_000);
    const revoked = await app.session('mallory');
    await app.service.revokeSessionKey(revoked.key);
    const [issuedAt, expiresAt] = [new Date(Date.now() - 7_200_000), new Date(Date.now() - 3_600_000)];
    const expired = createTestSession({ userId: 'alice', merchantId: 'demo-merchant', issuedAt, expiresAt });
    app.coinflow.clearCalls();
    for (const auth of [revoked, [revoked, 'merchant']]) {
      expect(await app.failure(HISTORY, { auth })).toMatchObject({ code: 'COINFLOW_SESSION_REVOKED' });
    }
    expect(await app.failure(HISTORY, { auth: expired })).toMatchObject({ code: 'COINFLOW_SESSION_KEY_EXPIRED' });
    expect(app.coinflow.calls).toEqual([]);
    expect(app.service.metrics().budget.used.apiCalls).toBe(0);
  });
});

describe.each(PLATFORMS)('the reasons of CoinflowApi for a client on %s', (platform) => {
  let app: ApiApp;

  @Controller()
  class AnyController {
    constructor(private readonly api: CoinflowApi) {}

    @Get('delegated')
    delegated(): Promise<unknown> {
      return this.api.post('/merchant/withdraws/payout/delegated', { auth: 'merchant', body: {} });
    }

    @Get('card')
    card(): Promise<unknown> {
      return this.api.post('/checkout/card-on-file', { auth: { userId: 'alice' }, body: {} });
    }

    @Get('withdrawer')
    withdrawer(): Promise<unknown> {
      return this.api.get('/withdraw', { auth: { wallet: `0x${'1'.repeat(40)}`, blockchain: 'eth' } });
    }

    @Get('merchant')
    merchant(): Promise<unknown> {
      return this.api.get('/merchant', { auth: 'merchant' });
    }
  }

  beforeAll(async () => {
    app = await createApiApp({ platform, controllers: [AnyController] });
  });
  afterAll(() => app.close());

  it.each<[string, EmulatorOperation, number, number, string]>([
    ['/delegated', 'POST /merchant/withdraws/payout/delegated', 402, 402, 'payment-method-unavailable'],
    ['/delegated', 'POST /merchant/withdraws/payout/delegated', 451, 451, 'verification-required'],
    ['/card', 'POST /checkout/card-on-file', 403, 403, 'not-allowed'],
    ['/card', 'POST /checkout/card-on-file', 410, 410, 'card-validation-expired'],
    ['/card', 'POST /checkout/card-on-file', 412, 412, 'challenge-required'],
    ['/card', 'POST /checkout/card-on-file', 423, 500, 'request-rejected'],
    ['/card', 'POST /checkout/card-on-file', 401, 500, 'credentials-rejected'],
    ['/withdrawer', 'GET /withdraw', 401, 404, 'withdrawer-not-found'],
    ['/withdrawer', 'GET /withdraw', 451, 451, 'verification-required'],
    ['/merchant', 'GET /merchant', 404, 500, 'request-rejected'],
    ['/merchant', 'GET /merchant', 412, 500, 'request-rejected'],
  ])('on %s after %s answered %d are %d with %s', async (path, operation, coinflow, status, reason) => {
    app.coinflow.fail(operation, {
      kind: 'status',
      status: coinflow,
      headers: { 'x-canary': 'canary', 'retry-after': '7' },
      body: { message: 'canary', transactionId: 'canary', debugId: 'canary' },
    });
    const answer = await app.get(path);
    app.coinflow.heal();
    expect(answer).toMatchObject({ status, body: { statusCode: status, code: 'COINFLOW_API_ERROR', reason } });
    expect(Object.keys(answer.body as object).sort()).toEqual(['code', 'error', 'message', 'reason', 'statusCode']);
    expect(JSON.stringify([answer.headers, answer.text])).not.toContain('canary');
    expect(answer.headers['www-authenticate']).toBeUndefined();
    expect(answer.headers['retry-after']).toBeUndefined();
  });
});

describeWithRedis('the budget of CoinflowApi in Redis (skipped without redis-server)', () => {
  let redis: RedisServer;
  let client: RedisClient;

  beforeAll(async () => {
    redis = await RedisServer.start();
    client = await redis.connect();
  });
  afterAll(async () => {
    client.destroy();
    await redis.kill();
  });

  it('counts the calls of all replicas together', async () => {
    const sealKeys = [Buffer.alloc(32, 7).toString('base64')];
    const first = await createApiApp();
    const options = { api: { callsPerMinute: 6 }, sealKeys, baseUrl: first.coinflow.url };
    const replicas = await Promise.all(
      [1, 2, 3].map(() =>
        createApiApp({ options: { ...options, store: redisSharedStore({ client, timeoutMs: 1_000 }) } }),
      ),
    );
    try {
      const results = [];
      for (let round = 0; round < 4; round += 1) {
        for (const [index, replica] of replicas.entries()) {
          const auth = await replica.session(`user-${round}-${index}`);
          results.push(
            await replica.call(HISTORY, { auth }).then(
              () => 'called',
              (error: { code: string }) => error.code,
            ),
          );
        }
      }
      expect(results.filter((result) => result === 'called')).toHaveLength(6);
      expect(new Set(results)).toEqual(new Set(['called', 'COINFLOW_BUDGET_EXHAUSTED']));
    } finally {
      await Promise.all([first, ...replicas].map((replica) => replica.close()));
    }
  });
});
