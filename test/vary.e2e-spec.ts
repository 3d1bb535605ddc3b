import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Res } from '@nestjs/common';
import { CoinflowAuth, SESSION_KEY_HEADER, SessionKeyExtractors, type ResponseWithHeaders } from 'nestjs-coinflow-auth';
import {
  PLATFORMS,
  createTestApp,
  forge,
  unseenKey,
  type TestApp,
  type TestAppOptions,
} from './harness/create-test-app.js';
import { ShopController } from './harness/shop.controller.js';

@Controller()
class CompressedController {
  @Get('compressed')
  @CoinflowAuth()
  compressed(@Res({ passthrough: true }) response: ResponseWithHeaders): string {
    response.header('Vary', `${String(response.getHeader('Vary'))}, Accept-Encoding`);
    return 'compressed';
  }
}

describe.each(PLATFORMS)('the header Vary on %s', (platform) => {
  let app: TestApp;

  afterEach(() => app.close());

  async function start(options: TestAppOptions = {}): Promise<TestApp> {
    // With the global guard, two guards run for each route.
    const controllers = [ShopController, CompressedController];
    return (app = await createTestApp({ platform, controllers, globalGuard: true, ...options }));
  }

  it('adds the header of the session key to Vary once, in each answer of a guarded route', async () => {
    const budget = { verificationsPerMinute: 1_000, rejectionsPerClient: 1 };
    const { get, coinflow } = await start({ options: { budget } });
    const key = unseenKey(coinflow);
    const answers = [
      ['accepted by Coinflow', 200, await get('/guarded', key)],
      ['accepted from the cache', 200, await get('/guarded', key)],
      ['optional', 200, await get('/optional', key)],
      ['anonymous', 200, await get('/optional')],
      ['no key', 401, await get('/guarded')],
      ['another subject', 403, await get('/wallets', key)],
      ['rejected', 401, await get('/guarded', forge(key))],
      ['too many forged keys', 429, await get('/guarded', forge(unseenKey(coinflow, { customerId: 'bob' })))],
    ] as const;
    for (const [name, status, answer] of answers) {
      expect([name, answer.status, answer.headers.vary]).toEqual([name, status, SESSION_KEY_HEADER]);
    }
  });

  it('adds the header of the session key to Vary in a 503', async () => {
    const { get, coinflow } = await start();
    coinflow.fail('verify', { kind: 'status', status: 503 });
    expect(await get('/optional', unseenKey(coinflow))).toMatchObject({
      status: 503,
      headers: { vary: SESSION_KEY_HEADER },
    });
  });

  it('writes no Vary on public routes', async () => {
    const { get, coinflow } = await start();
    const answer = await get('/public', unseenKey(coinflow));
    expect(answer.status).toBe(200);
    expect(answer.headers).not.toHaveProperty('vary');
  });

  it('adds each header that the option extractor reads to Vary', async () => {
    const { fromBearer, fromCookie, firstOf } = SessionKeyExtractors;
    const { send, coinflow } = await start({ options: { extractor: firstOf(fromBearer(), fromCookie('session')) } });
    const headers = { cookie: `session=${unseenKey(coinflow)}` };
    for (const answer of [await send('/guarded', { headers }), await send('/guarded')]) {
      expect(answer.headers.vary).toBe('Authorization, Cookie');
    }
  });

  it('writes Vary: * when the extractor does not name its headers', async () => {
    const { get } = await start({ options: { extractor: { schemes: ['Bearer'], find: () => [] } } });
    expect((await get('/optional')).headers.vary).toBe('*');
  });

  it('keeps the Vary of CORS and of a handler', async () => {
    const { send, coinflow } = await start({
      configure: (nest) => nest.enableCors({ origin: ['https://shop.example'] }),
    });
    const headers = { origin: 'https://shop.example', [SESSION_KEY_HEADER]: unseenKey(coinflow) };
    expect((await send('/guarded', { headers })).headers).toMatchObject({
      'access-control-allow-origin': 'https://shop.example',
      vary: `Origin, ${SESSION_KEY_HEADER}`,
    });
    expect((await send('/guarded', { headers: { origin: 'https://shop.example' } })).headers.vary).toBe(
      `Origin, ${SESSION_KEY_HEADER}`,
    );
    expect((await send('/compressed', { headers })).headers.vary).toBe(
      `Origin, ${SESSION_KEY_HEADER}, Accept-Encoding`,
    );
  });
});
