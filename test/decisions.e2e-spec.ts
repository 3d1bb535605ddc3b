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

  @Get('mint')
  async mint(@Query('user') userId: string): Promise<{ key: string }> {
    return { key: (await this.coinflow.createSessionKey({ userId })).key };
  }
}

const MISSING = { status: 401, code: 'COINFLOW_SESSION_KEY_MISSING' };
const MALFORMED = { status: 401, code: 'COINFLOW_SESSION_KEY_MALFORMED' };
const EXPIRED = { status: 401, code: 'COINFLOW_SESSION_KEY_EXPIRED' };
const WRONG_MERCHANT = { status: 401, code: 'COINFLOW_SESSION_WRONG_MERCHANT' };
const REJECTED = { status: 401, code: 'COINFLOW_SESSION_REJECTED' };
const UNAVAILABLE = { status: 503, code: 'COINFLOW_UNAVAILABLE' };
const RATE_LIMITED = { status: 503, code: 'COINFLOW_BUDGET_EXHAUSTED' };
const MISCONFIGURED = { status: 500, code: 'COINFLOW_MISCONFIGURED' };
const ISSUANCE_DENIED = { status: 403, code: 'COINFLOW_ISSUANCE_DENIED' };

/** Decided from the key alone: Coinflow is not asked. */
const WITHOUT_A_CALL: [string, { status: number; code: string }, (app: TestApp) => string | string[] | undefined][] = [
  ['no key', MISSING, () => undefined],
  ['an empty header', MISSING, () => ''],
  [
    'two different keys',
    MALFORMED,
    ({ coinflow }) => [unseenKey(coinflow), unseenKey(coinflow, { customerId: 'bob' })],
  ],
  ['6,000 characters', MALFORMED, () => 'a'.repeat(6_000)],
  ['blanks inside', MALFORMED, () => 'not a session key'],
  ['an unsigned JWT', MALFORMED, ({ coinflow }) => unseenKey(coinflow).replace(/[^.]*$/, '')],
  [
    'alg: none without a signature',
    MALFORMED,
    ({ coinflow }) => algNone(coinflow.merchants[0]?.merchantId).replace(/[^.]*$/, ''),
  ],
  ['a JWT of no JSON', MALFORMED, () => `e30.bm8.${'A'.repeat(43)}`],
  ['a key that has expired', EXPIRED, ({ coinflow }) => unseenKey(coinflow, { exp: nowSeconds() - 6 })],
  ['a valid key of another merchant', WRONG_MERCHANT, ({ coinflow }) => foreignKey(coinflow)],
  ['an opaque key', REJECTED, () => 'a1b2c3d4e5f67890abcdef1234567890'],
  ['a key without merchantId', REJECTED, ({ coinflow }) => unseenKey(coinflow, { merchantId: undefined })],
  ['a key without exp', REJECTED, ({ coinflow }) => unseenKey(coinflow, { exp: undefined })],
  ['an exp in milliseconds', MALFORMED, ({ coinflow }) => unseenKey(coinflow, { exp: Date.now() + 86_400_000 })],
  ['a user id that is a number', MALFORMED, ({ coinflow }) => unseenKey(coinflow, { customerId: 42 })],
  ['an empty merchantId', MALFORMED, ({ coinflow }) => unseenKey(coinflow, { merchantId: '' })],
  ['a key without a user', REJECTED, ({ coinflow }) => unseenKey(coinflow, { customerId: undefined })],
  [
    'a key of a user and a wallet',
    REJECTED,
    ({ coinflow }) => unseenKey(coinflow, { wallet: '0x1', blockchain: 'eth' }),
  ],
];

/** What Coinflow, or what stands in its place, answers to a key that looks good. */
const ANSWERS_TO_VERIFY: [string, { status: number; code: string }, EmulatorFault][] = [
  ['400 in JSON', REJECTED, { kind: 'status', status: 400 }],
  ['401 in JSON', REJECTED, { kind: 'status', status: 401 }],
  ['403 in JSON', REJECTED, { kind: 'status', status: 403 }],
  ['422 in JSON', REJECTED, { kind: 'status', status: 422 }],
  ['401 without a body', REJECTED, { kind: 'raw', status: 401, body: '' }],
  ['401 in HTML', UNAVAILABLE, { kind: 'html', status: 401 }],
  ['401 in plain text', UNAVAILABLE, { kind: 'raw', status: 401, body: 'Unauthorized' }],
  ['402', UNAVAILABLE, { kind: 'status', status: 402 }],
  ['200 in HTML', UNAVAILABLE, { kind: 'html', status: 200 }],
  ['200 with broken JSON', UNAVAILABLE, { kind: 'raw', status: 200, body: '{"ok":' }],
  ['206', UNAVAILABLE, { kind: 'status', status: 206 }],
  ['500', UNAVAILABLE, { kind: 'status', status: 500 }],
  ['502 in HTML', UNAVAILABLE, { kind: 'html', status: 502 }],
  ['503', UNAVAILABLE, { kind: 'status', status: 503 }],
  ['an answer of 1 MiB', UNAVAILABLE, { kind: 'raw', status: 200, body: `"${'a'.repeat(1_048_576)}"` }],
  ['a reset', UNAVAILABLE, { kind: 'reset' }],
  ['no answer', UNAVAILABLE, { kind: 'hang' }],
  ['429', RATE_LIMITED, { kind: 'status', status: 429 }],
  ['404 before any success', MISCONFIGURED, { kind: 'status', status: 404 }],
  ['404 in HTML before any success', MISCONFIGURED, { kind: 'html', status: 404 }],
  ['a redirect before any success', MISCONFIGURED, { kind: 'raw', status: 302, headers: { location: '/' }, body: '' }],
  ['200 to everything', MISCONFIGURED, { kind: 'raw', status: 200, body: '' }],
  ['200 and JSON to everything', MISCONFIGURED, { kind: 'raw', status: 200, body: '{}' }],
];

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

describe.each(PLATFORMS)('what happened -> HTTP -> code, on %s', (platform) => {
  let app: TestApp;

  beforeEach(async () => {
    app = await createTestApp({ platform, controllers: [ShopController], options: { http: { timeoutMs: 400 } } });
  });

  afterEach(async () => {
    jest.useRealTimers();
    await app.close();
  });

  it.each(WITHOUT_A_CALL)('%s is refused without a call', async (_, expected, keyFor) => {
    const key = keyFor(app);
    const answer = await app.send('/guarded', {
      headers: key === undefined ? {} : { 'x-coinflow-auth-session-key': key },
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

  it.each(ANSWERS_TO_VERIFY)('Verify Token answers %s', async (_, expected, fault) => {
    const key = unseenKey(app.coinflow);
    app.coinflow.fail('verify', fault);
    for (const path of ['/guarded', '/optional']) {
      const answer = await app.get(path, key);
      expect(answer).toMatchObject({ status: expected.status, body: { code: expected.code } });
      expect('retry-after' in answer.headers).toBe(expected.status === 503);
      expect('www-authenticate' in answer.headers).toBe(expected.status === 401);
    }
  });

  it.each(ISSUANCE_RESPONSES)('Get Session Key answers %s', async (_, expected, fault) => {
    app.coinflow.fail('session-key', fault);
    const answer = await app.get('/mint?user=alice');
    expect(answer).toMatchObject({ status: expected.status, body: { code: expected.code } });
    expect('retry-after' in answer.headers).toBe(expected.status === 503);
  });

  it('Get Session Key gives a key of another merchant', async () => {
    app.coinflow.fail('session-key', { kind: 'status', status: 200, body: { key: foreignKey(app.coinflow) } });
    expect(await app.get('/mint?user=alice')).toMatchObject({ status: 500, body: { code: 'COINFLOW_MISCONFIGURED' } });
  });

  it.each([
    ['of another user', { customerId: 'bob' }],
    ['of a wallet', { customerId: undefined, wallet: '0x1', blockchain: 'eth' }],
    ['that has expired', { exp: 1_700_000_000 }],
  ])('Get Session Key gives a key %s: 503, and nobody gets it', async (_, claims) => {
    const key = unseenKey(app.coinflow, claims);
    app.coinflow.fail('session-key', { kind: 'status', status: 200, body: { key } });
    const answer = await app.get('/mint?user=alice');
    expect(answer).toMatchObject({ status: 503, body: { code: 'COINFLOW_UNAVAILABLE' } });
    expect(answer.text).not.toContain(key);
  });

  it('an argument that cannot be sent is a 400 that names it, before a call', async () => {
    const answer = await app.get(`/mint?user=${encodeURIComponent(' alice')}`);
    expect(answer).toMatchObject({ status: 400, body: { code: 'COINFLOW_INVALID_ARGUMENT' } });
    expect(answer.text).toContain('userId');
    expect(app.coinflow.countCalls('session-key')).toBe(0);
  });

  it('a forged key with our merchantId is refused, and remembered as refused for 30 s', async () => {
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

  it('alg: none with the length of a signature is refused by Coinflow', async () => {
    const answer = await app.get('/guarded', algNone('demo-merchant'));
    expect(answer).toMatchObject({ status: 401, body: { code: 'COINFLOW_SESSION_REJECTED' } });
  });

  it('the same key in two headers is one key', async () => {
    const key = unseenKey(app.coinflow);
    const answer = await app.send('/guarded', { headers: { 'x-coinflow-auth-session-key': [key, key] } });
    expect(answer).toMatchObject({ status: 200, body: { kind: 'user', userId: 'alice' } });
  });

  it('a key that is ours costs one call, and the probe one more per process', async () => {
    const key = unseenKey(app.coinflow);
    for (let i = 0; i < 3; i += 1) expect(await app.get('/guarded', key)).toMatchObject({ status: 200 });
    expect(app.coinflow.countCalls('verify')).toBe(2);
    await app.get('/guarded', unseenKey(app.coinflow, { customerId: 'bob' }));
    expect(app.coinflow.countCalls('verify')).toBe(3);
  });

  it('a minted key costs none, also while Coinflow is down', async () => {
    const { key } = await app.service.createSessionKey({ userId: 'alice' });
    app.coinflow.fail('verify', { kind: 'reset' });
    expect(await app.get('/guarded', key)).toMatchObject({ status: 200, body: { kind: 'user', userId: 'alice' } });
    expect(app.coinflow.countCalls('verify')).toBe(0);
  });

  it('maxAgeMs: 0 makes exactly one call a request', async () => {
    const { key } = await app.service.createSessionKey({ userId: 'alice' });
    const pay = () => app.send('/strict', { method: 'POST', headers: { 'x-coinflow-auth-session-key': key } });
    expect(await pay()).toMatchObject({ status: 201 });
    app.coinflow.clearCalls();
    expect(await pay()).toMatchObject({ status: 201 });
    expect(app.coinflow.countCalls('verify')).toBe(1);
  });

  it('a no from Coinflow ends a proof, and only a new yes restores it', async () => {
    const { key } = await app.service.createSessionKey({ userId: 'alice' });
    const pay = () => app.send('/strict', { method: 'POST', headers: { 'x-coinflow-auth-session-key': key } });
    app.coinflow.fail('verify', { kind: 'status', status: 401 }, 1);
    expect(await pay()).toMatchObject({ status: 401, body: { code: 'COINFLOW_SESSION_REJECTED' } });
    app.coinflow.fail('verify', { kind: 'status', status: 503 });
    expect(await app.get('/guarded', key)).toMatchObject({ status: 503 });
    app.coinflow.heal();
    expect(await app.get('/guarded', key)).toMatchObject({ status: 200 });
  });

  it('an outage is not remembered', async () => {
    const key = unseenKey(app.coinflow);
    app.coinflow.fail('verify', { kind: 'status', status: 503 });
    expect(await app.get('/guarded', key)).toMatchObject({ status: 503 });
    app.coinflow.heal();
    expect(await app.get('/guarded', key)).toMatchObject({ status: 200 });
  });

  it('a disturbance that passes within the time limit is not noticed', async () => {
    app.coinflow.fail('verify', { kind: 'reset' }, 1);
    expect(await app.get('/guarded', unseenKey(app.coinflow))).toMatchObject({ status: 200 });
    expect(app.logger.at('warn')).toEqual([]);
  });

  it('an outage that lasts is answered at once, with when to come back', async () => {
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

  it('a 404 and a redirect after a success are a disturbance', async () => {
    await app.service.createSessionKey({ userId: 'alice' });
    for (const status of [404, 302]) {
      app.coinflow.fail('verify', { kind: 'status', status });
      expect(await app.get('/guarded', unseenKey(app.coinflow, { customerId: 'bob' }))).toMatchObject({
        status: 503,
        body: { code: 'COINFLOW_UNAVAILABLE' },
      });
    }
  });

  it('a key expires on the wall clock, remembered or not', async () => {
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

  it('a proof by asking lapses after ttlMs, within 10 %', async () => {
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

  it('an optional route lets anonymous requests in', async () => {
    expect(await app.get('/optional')).toMatchObject({ status: 200, body: { subject: null } });
    expect(await app.get('/optional', unseenKey(app.coinflow))).toMatchObject({
      status: 200,
      body: { subject: { userId: 'alice' } },
    });
  });

  it('the client learns the code and a plain sentence, the log the reason', async () => {
    app.coinflow.fail('verify', {
      kind: 'status',
      status: 503,
      body: { details: 'database on fire', debugId: 'dbg-1' },
    });
    const answer = await app.get('/guarded', unseenKey(app.coinflow));
    expect(answer.body).toEqual({
      statusCode: 503,
      message: 'The session service is temporarily unavailable. Try again later.',
      error: 'Service Unavailable',
      code: 'COINFLOW_UNAVAILABLE',
    });
    expect(app.logger.at('warn')).toEqual([
      expect.stringContaining('returned 503: "database on fire" (debugId dbg-1)'),
    ]);
  });

  it('a misconfiguration is logged once, with what to do', async () => {
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
  ])('Retry-After %s reaches the client', async (_, value, seconds) => {
    const retryAfter = typeof value === 'string' ? value : value();
    app.coinflow.fail('verify', { kind: 'status', status: 429, headers: { 'retry-after': retryAfter } });
    const answer = await app.get('/guarded', unseenKey(app.coinflow));
    expect(Math.abs(Number(answer.headers['retry-after']) - seconds)).toBeLessThanOrEqual(1);
  });

  it('a redirect is not followed', async () => {
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

function algNone(merchantId: string | undefined): string {
  const claims = { customerId: 'alice', merchantId, iat: nowSeconds(), exp: nowSeconds() + 3_600 };
  const parts = [{ alg: 'none', typ: 'JWT' }, claims].map((part) =>
    Buffer.from(JSON.stringify(part)).toString('base64url'),
  );
  return [...parts, 'A'.repeat(43)].join('.');
}

function nowSeconds(): number {
  return Math.floor(Date.now() / 1_000);
}
