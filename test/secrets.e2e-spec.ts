import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Controller, Get, Module } from '@nestjs/common';
import {
  CoinflowAuth,
  CoinflowAuthModule,
  CurrentSession,
  SessionKeyExtractors,
  type CoinflowAuthError,
  type CoinflowSession,
} from 'nestjs-coinflow-auth';
import { startCoinflowEmulator, type EmulatorFault } from 'coinflow-emulator';
import { stopClock } from './harness/clock.js';
import { inspectEverything } from './harness/inspect-everything.js';
import { PLATFORMS, createTestApp, foreignKey, forge, unseenKey, type TestApp } from './harness/create-test-app.js';

const API_KEY = 'canary_api_key_6b1f0c';
const WALLET = { wallet: '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed', blockchain: 'eth' } as const;

const { firstOf, fromBearer, fromCookie, fromHeader } = SessionKeyExtractors;
const anywhere = firstOf(fromHeader(), fromBearer(), fromCookie('session'));

@Controller()
class LeakyController {
  @Get('guarded')
  @CoinflowAuth()
  guarded(@CurrentSession() session: CoinflowSession): unknown {
    // What a careless application may do with a session.
    return {
      session,
      text: `${String(session)} ${inspect(session)} ${JSON.stringify(session)}`,
      spread: { ...session },
    };
  }
}

/** The faults of Coinflow. Each repeats the secret that it received, where it can. */
const FAULTS: ((secret: string) => EmulatorFault | undefined)[] = [
  () => undefined,
  (secret) => ({ kind: 'status', status: 401, body: { message: `Invalid key ${secret}`, debugId: secret } }),
  (secret) => ({ kind: 'status', status: 500, body: { details: `${secret}\u001b[31m\nforged line` } }),
  (secret) => ({ kind: 'status', status: 429, body: { error: secret } }),
  (secret) => ({ kind: 'status', status: 404, body: { reason: secret } }),
  (secret) => ({ kind: 'raw', status: 200, body: secret }),
  () => ({ kind: 'html', status: 502 }),
  () => ({ kind: 'reset' }),
  () => ({ kind: 'hang' }),
];

describe.each(PLATFORMS)('secrets on %s', (platform) => {
  let app: TestApp;
  const written: string[] = [];

  beforeEach(async () => {
    written.length = 0;
    for (const stream of [process.stdout, process.stderr]) {
      jest.spyOn(stream, 'write').mockImplementation((chunk) => written.push(String(chunk)) > 0);
    }
    const merchants = [
      { merchantId: 'demo-merchant', apiKey: API_KEY },
      { merchantId: 'other-merchant', apiKey: 'other' },
    ];
    const emulator = await startCoinflowEmulator({ merchants });
    const started = await createTestApp({
      platform,
      controllers: [LeakyController],
      options: { apiKey: () => API_KEY, extractor: anywhere, baseUrl: emulator.url, http: { timeoutMs: 200 } },
    });
    app = {
      ...started,
      coinflow: emulator,
      close: async () => {
        await started.close();
        await emulator.close();
      },
    };
  });

  afterEach(async () => {
    jest.useRealTimers();
    await app.close();
    jest.restoreAllMocks();
  });

  it('puts no secret into a log line, body, error, cause, stack, inspection or JSON', async () => {
    const shown: string[] = [];
    const secrets = [API_KEY];
    const show = (value: unknown): void => void shown.push(inspectEverything(value));
    const keep = (key: string): string => {
      secrets.push(key, key.split('.')[2] ?? key);
      return key;
    };

    // Time passes before each fault, so that no breaker is open when it is tried.
    const clock = stopClock();
    for (const [index, faultFor] of FAULTS.entries()) {
      app.coinflow.clearCalls();
      const keys = [
        unseenKey(app.coinflow, { customerId: `user-${index}` }),
        forge(unseenKey(app.coinflow, { customerId: `user-${index}` })),
        foreignKey(app.coinflow, `user-${index}`),
        `canary-opaque-${index}`,
        `canary malformed ${index}`,
        `${'canary-long'.repeat(500)}`,
      ].map(keep);
      for (const key of keys) {
        const fault = faultFor(key);
        if (fault) app.coinflow.fail('verify', fault);
        clock.advance(5_000);
        show(await app.get('/guarded', key));
        show(await app.send('/guarded', { headers: { authorization: `Bearer ${key}` } }));
        show(await app.send('/guarded', { headers: { cookie: `session=${key}`, authorization: 'Bearer other' } }));
        await app.service.verifySessionKey(key, { maxAgeMs: 0 }).then(show, show);
      }
      const fault = faultFor(API_KEY);
      if (fault) app.coinflow.fail('session-key', fault);
      await app.service.createSessionKey({ userId: `created-${index}` }).then((session) => {
        keep(session.key);
        show(session);
      }, show);
      app.coinflow.heal();
      const signedMessage = keep(`canary-signature-${index}`);
      const signedFault = faultFor(signedMessage);
      if (signedFault) app.coinflow.fail('session-key', signedFault);
      await app.service
        .createSessionKeyWithSignature({ ...WALLET, signedMessage }, { rateLimitClient: `signs-${index}` })
        .then(show, show);
      const messageFault = faultFor('a message of Coinflow');
      if (messageFault) app.coinflow.fail('message', messageFault);
      await app.service.getMessage(WALLET, { rateLimitClient: `asks-${index}` }).then(() => undefined, show);
      const endpoints = ['verify', 'session-key', 'message'] as const;
      expect(endpoints.filter((endpoint) => app.coinflow.countCalls(endpoint) === 0)).toEqual([]);
      app.coinflow.heal();
    }

    show(app.service);
    show(app.app.get(CoinflowAuthModule));
    show(app.coinflow.calls);
    const everything = [...shown, ...written, ...app.logger.lines.map(({ text }) => text)].join('\n');
    expect(everything).toContain('COINFLOW_UNAVAILABLE');
    expect(everything).toContain('COINFLOW_SESSION_REJECTED');
    expect(secrets.length).toBeGreaterThan(100);
    expect(secrets.filter((secret) => everything.includes(secret))).toEqual([]);
    expect(everything).not.toContain('\u001b[31m');
  });

  it('puts no secret into an error of the startup', async () => {
    @Module({
      imports: [CoinflowAuthModule.forRoot({ env: 'nowhere' as 'local', apiKey: ` ${API_KEY}`, merchantId: '' })],
    })
    class WrongModule {}
    const startup = createTestApp({ register: () => ({ module: WrongModule }) });
    const error = await startup.then(
      () => undefined,
      (reason: unknown) => reason as CoinflowAuthError,
    );
    expect(inspectEverything(error)).toMatch(/env[^]*apiKey[^]*merchantId/);
    expect(inspectEverything(error)).not.toContain(API_KEY);
  });
});
