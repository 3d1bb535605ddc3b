import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Post } from '@nestjs/common';
import { CoinflowAuth, CurrentSession, SessionKeyExtractors, type CoinflowSubject } from 'nestjs-coinflow-auth';
import { PLATFORMS, createTestApp, unseenKey, type TestApp } from './harness/create-test-app.js';

const { fromBearer, fromCookie, fromHeader, firstOf } = SessionKeyExtractors;

@Controller()
class RoutesController {
  @Get('guarded')
  @CoinflowAuth()
  guarded(@CurrentSession('subject') subject: CoinflowSubject): CoinflowSubject {
    return subject;
  }

  @Post('guarded')
  @CoinflowAuth()
  change(): string {
    return 'done';
  }

  @Get('users')
  @CoinflowAuth({ subject: 'user' })
  users(): string {
    return 'in';
  }

  @Get('wallets')
  @CoinflowAuth({ subject: 'wallet' })
  wallets(): string {
    return 'in';
  }

  @Get('solana')
  @CoinflowAuth({ blockchains: ['solana'] })
  solana(): string {
    return 'in';
  }
}

describe.each(PLATFORMS)('the option extractor on %s', (platform) => {
  let app: TestApp;

  afterEach(() => app.close());

  const start = async (extractor = fromHeader()): Promise<TestApp> =>
    (app = await createTestApp({ platform, controllers: [RoutesController], options: { extractor } }));

  it('reads the session key from a bearer token', async () => {
    const { send, get, coinflow } = await start(fromBearer());
    const key = unseenKey(coinflow);
    expect(await send('/guarded', { headers: { authorization: `Bearer ${key}` } })).toMatchObject({
      status: 200,
      body: { userId: 'alice' },
    });
    const missing = await get('/guarded', key);
    expect(missing).toMatchObject({ status: 401, body: { code: 'COINFLOW_SESSION_KEY_MISSING' } });
    expect(missing.headers['www-authenticate']).toBe('Bearer realm="Coinflow"');
    const wrong = await send('/guarded', { headers: { authorization: 'Bearer invalid' } });
    expect(wrong.headers['www-authenticate']).toBe('Bearer realm="Coinflow", error="invalid_token"');
  });

  it('rejects two bearer tokens, although Node drops the second', async () => {
    const { send, coinflow } = await start(fromBearer());
    const tokens = [unseenKey(coinflow), unseenKey(coinflow, { customerId: 'bob' })].map((key) => `Bearer ${key}`);
    const answer = await send('/guarded', { headers: { authorization: tokens } });
    expect(answer).toMatchObject({ status: 401, body: { code: 'COINFLOW_SESSION_KEY_MALFORMED' } });
  });

  it('reads the session key from a cookie, and rejects a cross-site request that changes something', async () => {
    const { send, coinflow } = await start(fromCookie('session'));
    const headers = { cookie: `theme=dark; session=${unseenKey(coinflow)}` };
    const crossSite = { ...headers, 'sec-fetch-site': 'cross-site' };
    expect(await send('/guarded', { headers })).toMatchObject({ status: 200 });
    expect(await send('/guarded', { headers: crossSite })).toMatchObject({ status: 200 });
    expect(await send('/guarded', { method: 'POST', headers })).toMatchObject({ status: 201 });
    expect(await send('/guarded', { method: 'POST', headers: crossSite })).toMatchObject({
      status: 403,
      body: { code: 'COINFLOW_CROSS_SITE' },
    });
    const evil = { ...headers, origin: 'https://evil.example' };
    expect(await send('/guarded', { method: 'POST', headers: evil })).toMatchObject({ status: 403 });
  });

  it('reads the session key from one of several places, and rejects two keys in two places', async () => {
    const { send, get, coinflow } = await start(firstOf(fromHeader(), fromBearer(), fromCookie('session')));
    const [alice, bob] = [unseenKey(coinflow), unseenKey(coinflow, { customerId: 'bob' })];
    expect(await get('/guarded', alice)).toMatchObject({ body: { userId: 'alice' } });
    expect(await send('/guarded', { headers: { cookie: `session=${bob}` } })).toMatchObject({
      body: { userId: 'bob' },
    });
    const both = { cookie: `session=${bob}`, authorization: `Bearer ${alice}` };
    expect(await send('/guarded', { headers: both })).toMatchObject({
      status: 401,
      body: { code: 'COINFLOW_SESSION_KEY_MALFORMED' },
    });
    expect((await get('/guarded')).headers['www-authenticate']).toBe(
      'CoinflowSession realm="Coinflow", Bearer realm="Coinflow"',
    );
  });

  it('reports an asynchronous extractor once, as a misconfiguration with what to do', async () => {
    const find = (): never => Promise.reject(new Error('canary')) as never;
    const { get, coinflow, logger } = await start({ schemes: ['CoinflowSession'], find });
    for (let i = 0; i < 2; i += 1) {
      expect(await get('/guarded', unseenKey(coinflow))).toMatchObject({
        status: 500,
        body: { code: 'COINFLOW_MISCONFIGURED' },
      });
    }
    expect(logger.at('error')).toEqual([
      expect.stringMatching(/find\(\) returns a promise \[COINFLOW_MISCONFIGURED: extractor-invalid\] .*synchronous/),
    ]);
    expect(logger.lines.some(({ text }) => text.includes('canary'))).toBe(false);
  });

  it('accepts only the subjects that a route allows', async () => {
    const { get, coinflow } = await start();
    const user = unseenKey(coinflow);
    const wallet = (blockchain: string): string =>
      unseenKey(coinflow, { customerId: undefined, wallet: 'w', blockchain });
    const NOT_ALLOWED = { status: 403, body: { code: 'COINFLOW_SUBJECT_NOT_ALLOWED' } };
    // The second round is answered from the cache: the policy applies to every hit.
    for (let round = 0; round < 2; round += 1) {
      expect(await get('/users', user)).toMatchObject({ status: 200 });
      expect(await get('/users', wallet('eth'))).toMatchObject(NOT_ALLOWED);
      expect(await get('/wallets', user)).toMatchObject(NOT_ALLOWED);
      expect(await get('/wallets', wallet('eth'))).toMatchObject({ status: 200 });
      expect(await get('/solana', wallet('solana'))).toMatchObject({ status: 200 });
      expect(await get('/solana', wallet('eth'))).toMatchObject(NOT_ALLOWED);
      expect(await get('/solana', user)).toMatchObject(NOT_ALLOWED);
    }
  });
});
