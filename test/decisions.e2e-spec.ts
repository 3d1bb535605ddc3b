import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Controller, Get, Post, Query } from '@nestjs/common';
import type { EmulatorFault } from 'coinflow-emulator';
import {
  CoinflowAuth,
  CoinflowAuthService,
  CoinflowOptional,
  CurrentSession,
  type CoinflowSession,
  type CoinflowSubject,
} from 'nestjs-coinflow-auth';
import { stopClock } from './harness/clock.js';
import { PLATFORMS, createTestApp, foreignKey, forge, unseenKey, type TestApp } from './harness/create-test-app.js';
import {
  ACCEPTED,
  ANSWERS_TO_VERIFY,
  MISCONFIGURED,
  MISSING,
  OTHER_REJECTIONS,
  RATE_LIMITED,
  UNAVAILABLE,
  WITHOUT_A_CALL,
  algNone,
  type HandlerName,
} from './harness/decision-table.js';
import type { SentResponse } from './harness/send.js';

@Controller()
class ShopController {
  constructor(private readonly coinflow: CoinflowAuthService) {}

  @Get('guarded')
  @CoinflowAuth()
  guarded(@CurrentSession() session: CoinflowSession): CoinflowSubject | null {
    return session.subject;
  }

  @Post('strict')
  @CoinflowAuth({ maxAgeMs: 0 })
  strict(): string {
    return 'done';
  }

  @Get('optional')
  @CoinflowOptional()
  optional(@CurrentSession('subject') subject: CoinflowSubject | undefined): { subject: CoinflowSubject | null } {
    return { subject: subject ?? null };
  }

  @Get('wallet')
  @CoinflowAuth({ subject: 'wallet' })
  wallet(): string {
    return 'wallet';
  }

  @Get('create')
  async create(@Query('user') userId: string): Promise<{ key: string }> {
    return { key: (await this.coinflow.createSessionKey({ userId })).key };
  }
}

const ISSUANCE_DENIED = { status: 403, code: 'COINFLOW_ISSUANCE_DENIED' };

const ISSUANCE_RESPONSES: [string, { status: number; code: string }, EmulatorFault][] = [
  ['401: the API key', MISCONFIGURED, { kind: 'status', status: 401 }],
  ['400', ISSUANCE_DENIED, { kind: 'status', status: 400 }],
  ['403', ISSUANCE_DENIED, { kind: 'status', status: 403 }],
  ['422', ISSUANCE_DENIED, { kind: 'status', status: 422 }],
  ['423', ISSUANCE_DENIED, { kind: 'status', status: 423 }],
  ['451', ISSUANCE_DENIED, { kind: 'status', status: 451 }],
  ['403 in HTML', UNAVAILABLE, { kind: 'html', status: 403 }],
  ['401 in HTML', UNAVAILABLE, { kind: 'html', status: 401 }],
  ['200 in HTML', UNAVAILABLE, { kind: 'html', status: 200 }],
  ['200 without a key', UNAVAILABLE, { kind: 'status', status: 200, body: { sessionKey: 'abc' } }],
  ['200 with a key that is no string', UNAVAILABLE, { kind: 'status', status: 200, body: { key: 5 } }],
  ['200 with a key of another form', UNAVAILABLE, { kind: 'status', status: 200, body: { key: 'two words' } }],
  ['200 without a body', UNAVAILABLE, { kind: 'raw', status: 200, body: '' }],
  ['500', UNAVAILABLE, { kind: 'status', status: 500 }],
  ['a reset', UNAVAILABLE, { kind: 'reset' }],
  ['429', RATE_LIMITED, { kind: 'status', status: 429 }],
  ['404 before any success', MISCONFIGURED, { kind: 'status', status: 404 }],
];

describe.each(PLATFORMS)('decisions and their HTTP answers, on %s', (platform) => {
  let app: TestApp;

  beforeEach(async () => {
    app = await createTestApp({ platform, controllers: [ShopController], options: { http: { timeoutMs: 400 } } });
  });

  afterEach(async () => {
    jest.useRealTimers();
    await app.close();
  });

  it.each(WITHOUT_A_CALL)('rejects %s without a call', async (_, expected, keyFor) => {
    const key = keyFor(app);
    const answer = await app.send('/guarded', {
      headers: key === undefined ? {} : { 'x-coinflow-auth-session-key': typeof key === 'string' ? key : [...key] },
    });
    expect(answer).toMatchObject({
      status: expected.status,
      body: { statusCode: expected.status, code: expected.code },
    });
    expect(answer.headers['www-authenticate']).toBe(
      `CoinflowSession realm="Coinflow"${expected === MISSING ? '' : ', error="invalid_token"'}`,
    );
    expect(app.coinflow.countCalls('verify')).toBe(0);
  });

  it.each(ANSWERS_TO_VERIFY)('maps the response of Verify Token: %s', async (_, expected, fault) => {
    const key = unseenKey(app.coinflow);
    app.coinflow.fail('verify', fault);
    for (const path of ['/guarded', '/optional']) {
      const answer = await app.get(path, key);
      expect(answer).toMatchObject({ status: expected.status, body: { code: expected.code } });
      expect('retry-after' in answer.headers).toBe(expected.status === 503);
      expect('www-authenticate' in answer.headers).toBe(expected.status === 401);
    }
  });

  const sendTo = (handler: HandlerName, key: string): Promise<SentResponse> =>
    app.send(`/${handler}`, {
      method: handler === 'strict' ? 'POST' : 'GET',
      headers: { 'x-coinflow-auth-session-key': key },
    });

  it.each(OTHER_REJECTIONS)('rejects %s', async (_, { status, code }, handler, keyFor) => {
    expect(await sendTo(handler, await keyFor(app))).toMatchObject({ status, body: { code } });
  });

  it.each(ACCEPTED)('accepts %s', async (_, handler, keyFor) => {
    expect(await sendTo(handler, await keyFor(app))).toMatchObject({ status: handler === 'strict' ? 201 : 200 });
  });

  it.each(ISSUANCE_RESPONSES)('maps the response of Get Session Key: %s', async (_, expected, fault) => {
    app.coinflow.fail('session-key', fault);
    const answer = await app.get('/create?user=alice');
    expect(answer).toMatchObject({ status: expected.status, body: { code: expected.code } });
    expect('retry-after' in answer.headers).toBe(expected.status === 503);
  });

  it('does not return a created key of another merchant', async () => {
    app.coinflow.fail('session-key', { kind: 'status', status: 200, body: { key: foreignKey(app.coinflow) } });
    expect(await app.get('/create?user=alice')).toMatchObject({
      status: 500,
      body: { code: 'COINFLOW_MISCONFIGURED' },
    });
  });

  it.each([
    ['of another user', { customerId: 'bob' }],
    ['of a wallet', { customerId: undefined, wallet: '0x1', blockchain: 'eth' }],
    ['that has expired', { exp: 1_700_000_000 }],
  ])('answers 503 when Get Session Key returns a key %s, and does not return it', async (_, claims) => {
    const key = unseenKey(app.coinflow, claims);
    app.coinflow.fail('session-key', { kind: 'status', status: 200, body: { key } });
    const answer = await app.get('/create?user=alice');
    expect(answer).toMatchObject({ status: 503, body: { code: 'COINFLOW_UNAVAILABLE' } });
    expect(answer.text).not.toContain(key);
  });

  it('answers 400 for an argument that cannot be sent, and makes no call', async () => {
    const answer = await app.get(`/create?user=${encodeURIComponent(' alice')}`);
    expect(answer).toMatchObject({ status: 400, body: { code: 'COINFLOW_INVALID_ARGUMENT' } });
    expect(answer.text).toContain('userId');
    expect(app.coinflow.countCalls('session-key')).toBe(0);
  });

  it('rejects a forged key with our merchantId, and caches the rejection for 30 s', async () => {
    const clock = stopClock();
    const key = forge(unseenKey(app.coinflow));
    expect(await app.get('/guarded', key)).toMatchObject({ status: 401, body: { code: 'COINFLOW_SESSION_REJECTED' } });
    clock.advance(29_999);
    expect(await app.get('/guarded', key)).toMatchObject({ status: 401, body: { code: 'COINFLOW_SESSION_REJECTED' } });
    expect(app.coinflow.countCalls('verify')).toBe(1);
    clock.advance(1);
    await app.get('/guarded', key);
    expect(app.coinflow.countCalls('verify')).toBe(2);
  });

  it('passes a key with alg: none and a signature to Coinflow, which rejects it', async () => {
    const answer = await app.get('/guarded', algNone('demo-merchant'));
    expect(answer).toMatchObject({ status: 401, body: { code: 'COINFLOW_SESSION_REJECTED' } });
  });

  it('accepts the same key in two headers', async () => {
    const key = unseenKey(app.coinflow);
    const answer = await app.send('/guarded', { headers: { 'x-coinflow-auth-session-key': [key, key] } });
    expect(answer).toMatchObject({ status: 200, body: { kind: 'user', userId: 'alice' } });
  });

  it('verifies a key with one call, and the endpoint probe with one more per process', async () => {
    const key = unseenKey(app.coinflow);
    for (let i = 0; i < 3; i += 1) expect(await app.get('/guarded', key)).toMatchObject({ status: 200 });
    expect(app.coinflow.countCalls('verify')).toBe(2);
    await app.get('/guarded', unseenKey(app.coinflow, { customerId: 'bob' }));
    expect(app.coinflow.countCalls('verify')).toBe(3);
  });

  it('accepts a created key without a call, also while Coinflow is down', async () => {
    const { key } = await app.service.createSessionKey({ userId: 'alice' });
    app.coinflow.fail('verify', { kind: 'reset' });
    expect(await app.get('/guarded', key)).toMatchObject({ status: 200, body: { kind: 'user', userId: 'alice' } });
    expect(app.coinflow.countCalls('verify')).toBe(0);
  });

  it('makes exactly one call for each request with maxAgeMs: 0', async () => {
    const { key } = await app.service.createSessionKey({ userId: 'alice' });
    const pay = () => app.send('/strict', { method: 'POST', headers: { 'x-coinflow-auth-session-key': key } });
    expect(await pay()).toMatchObject({ status: 201 });
    app.coinflow.clearCalls();
    expect(await pay()).toMatchObject({ status: 201 });
    expect(app.coinflow.countCalls('verify')).toBe(1);
  });

  it('invalidates a session when Coinflow rejects its key, until Coinflow accepts it again', async () => {
    const { key } = await app.service.createSessionKey({ userId: 'alice' });
    const pay = () => app.send('/strict', { method: 'POST', headers: { 'x-coinflow-auth-session-key': key } });
    app.coinflow.fail('verify', { kind: 'status', status: 401 }, 1);
    expect(await pay()).toMatchObject({ status: 401, body: { code: 'COINFLOW_SESSION_REJECTED' } });
    app.coinflow.fail('verify', { kind: 'status', status: 503 });
    expect(await app.get('/guarded', key)).toMatchObject({ status: 503 });
    app.coinflow.heal();
    expect(await app.get('/guarded', key)).toMatchObject({ status: 200 });
  });

  it('does not cache an outage', async () => {
    const key = unseenKey(app.coinflow);
    app.coinflow.fail('verify', { kind: 'status', status: 503 });
    expect(await app.get('/guarded', key)).toMatchObject({ status: 503 });
    app.coinflow.heal();
    expect(await app.get('/guarded', key)).toMatchObject({ status: 200 });
  });

  it('answers 200 when an outage ends within the timeout', async () => {
    app.coinflow.fail('verify', { kind: 'reset' }, 1);
    expect(await app.get('/guarded', unseenKey(app.coinflow))).toMatchObject({ status: 200 });
    expect(app.logger.at('warn')).toEqual([]);
  });

  it('answers a lasting outage at once, with Retry-After', async () => {
    const clock = stopClock();
    const key = unseenKey(app.coinflow);
    app.coinflow.fail('verify', { kind: 'status', status: 503 });
    for (let i = 0; i < 2; i += 1) expect(await app.get('/guarded', key)).toMatchObject({ status: 503 });
    app.coinflow.clearCalls();
    clock.advance(1_000);
    expect(await app.get('/guarded', key)).toMatchObject({
      status: 503,
      headers: { 'retry-after': '4' },
      body: { code: 'COINFLOW_UNAVAILABLE' },
    });
    expect(app.coinflow.countCalls('verify')).toBe(0);
    app.coinflow.heal();
    clock.advance(4_000);
    expect(await app.get('/guarded', key)).toMatchObject({ status: 200 });
    expect(app.logger.at('log')).toContainEqual(expect.stringContaining('responds again'));
  });

  it('treats a 404 and a redirect after a success as an outage', async () => {
    await app.service.createSessionKey({ userId: 'alice' });
    for (const status of [404, 302]) {
      app.coinflow.fail('verify', { kind: 'status', status });
      expect(await app.get('/guarded', unseenKey(app.coinflow, { customerId: 'bob' }))).toMatchObject({
        status: 503,
        body: { code: 'COINFLOW_UNAVAILABLE' },
      });
    }
  });

  it('rejects an expired key by the wall clock, cached or not', async () => {
    const clock = stopClock();
    const { key, expiresAt } = await app.service.createSessionKey({ userId: 'alice' });
    clock.advance(Number(expiresAt) - Date.now() + 4_999);
    expect(await app.get('/guarded', key)).toMatchObject({ status: 200 });
    clock.advance(1);
    expect(await app.get('/guarded', key)).toMatchObject({
      status: 401,
      body: { code: 'COINFLOW_SESSION_KEY_EXPIRED' },
    });
  });

  it('asks Coinflow again after ttlMs, within 10 %', async () => {
    const clock = stopClock();
    const key = unseenKey(app.coinflow);
    await app.get('/guarded', key);
    app.coinflow.clearCalls();
    clock.advance(3_600_000 * 0.9 - 1);
    await app.get('/guarded', key);
    expect(app.coinflow.countCalls('verify')).toBe(0);
    clock.advance(3_600_000 * 0.2 + 1);
    await app.get('/guarded', key);
    expect(app.coinflow.countCalls('verify')).toBe(1);
  });

  it('accepts anonymous requests on an optional route', async () => {
    expect(await app.get('/optional')).toMatchObject({ status: 200, body: { subject: null } });
    expect(await app.get('/optional', unseenKey(app.coinflow))).toMatchObject({
      status: 200,
      body: { subject: { userId: 'alice' } },
    });
  });

  it('sends the code and a plain sentence to the client, and logs the reason', async () => {
    app.coinflow.fail('verify', {
      kind: 'status',
      status: 503,
      body: { details: 'database on fire', debugId: 'dbg-1' },
    });
    const answer = await app.get('/guarded', unseenKey(app.coinflow));
    expect(answer.body).toEqual({
      statusCode: 503,
      message: 'The service is temporarily unavailable. Try again later.',
      error: 'Service Unavailable',
      code: 'COINFLOW_UNAVAILABLE',
    });
    expect(app.logger.at('warn')).toEqual([
      expect.stringContaining('returned 503: "database on fire" (debugId dbg-1)'),
    ]);
  });

  it('logs a misconfiguration once, with what to do', async () => {
    app.coinflow.fail('verify', { kind: 'raw', status: 200, body: '' });
    await app.get('/guarded', unseenKey(app.coinflow));
    await app.get('/guarded', unseenKey(app.coinflow, { customerId: 'bob' }));
    expect(app.logger.at('error')).toEqual([expect.stringContaining('COINFLOW_BASE_URL')]);
  });

  it.each([
    ['in seconds', '7', 7],
    ['as a date', () => new Date(Date.now() + 9_000).toUTCString(), 9],
    ['as a date that has passed', () => new Date(0).toUTCString(), 1],
    ['that is too long', '86400', 60],
    ['that is no time', 'soon', 5],
  ])('passes Retry-After %s on to the client', async (_, value, seconds) => {
    const retryAfter = typeof value === 'string' ? value : value();
    app.coinflow.fail('verify', { kind: 'status', status: 429, headers: { 'retry-after': retryAfter } });
    const answer = await app.get('/guarded', unseenKey(app.coinflow));
    expect(Math.abs(Number(answer.headers['retry-after']) - seconds)).toBeLessThanOrEqual(1);
  });

  it('does not follow a redirect', async () => {
    const elsewhere = createServer((_, response) => response.end());
    await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
    let visitors = 0;
    elsewhere.on('request', () => (visitors += 1));
    const location = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/`;
    app.coinflow.fail('verify', { kind: 'raw', status: 307, headers: { location }, body: '' });
    expect(await app.get('/guarded', unseenKey(app.coinflow))).toMatchObject({ status: 500 });
    expect(visitors).toBe(0);
    elsewhere.close();
  });
});
