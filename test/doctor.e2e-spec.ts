import { createServer, type AddressInfo } from 'node:net';
import type { RequestListener } from 'node:http';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Controller, Logger, Post } from '@nestjs/common';
import { CoinflowWebhook } from 'nestjs-coinflow-auth';
import type { CoinflowEmulator } from 'coinflow-emulator';
import { checkApiKey } from '../libs/coinflow-auth/src/doctor/api-key-check.js';
import { resolveOptions } from '../libs/coinflow-auth/src/options/resolve-options.js';
import { checkVariables } from '../libs/coinflow-auth/src/doctor/variable-checks.js';
import { checkWebhookRoute } from '../libs/coinflow-auth/src/doctor/webhook-route-check.js';
import { createFolder, doctor, doctorOutput, installed, type DoctorRun } from './harness/doctor.js';
import { giveBackEmulator, takeEmulator } from './harness/emulator-pool.js';
import { hang, html, json, reset, startScriptedServer, type ScriptedServer } from './harness/scripted-server.js';
import { WEBHOOK_KEY, createWebhookApp, type WebhookApp } from './harness/webhooks.js';

const API_KEY = 'canary_api_key_81c2';
const SEAL_KEY = Buffer.alloc(32, 'canary_seal').toString('base64');

/** An installation without a problem. */
const SUPPORTED = {
  'nestjs-coinflow-auth': '0.1.0',
  '@nestjs/common': '12.5.1',
  '@nestjs/core': '12.5.1',
  '@nestjs/axios': '12.0.1',
  axios: '1.9.0',
  'reflect-metadata': '0.2.2',
  rxjs: '7.8.2',
};
const VALID = { COINFLOW_ENV: 'local', COINFLOW_API_KEY: API_KEY, COINFLOW_MERCHANT_ID: 'acme' };

@Controller('webhooks')
class CountingController {
  static received = 0;

  @Post()
  @CoinflowWebhook()
  receive(): void {
    CountingController.received += 1;
  }
}

/** Ends every call after 100 ms instead of its own timeout. */
function shortenTimeouts(): void {
  const timeout = AbortSignal.timeout.bind(AbortSignal);
  jest.spyOn(AbortSignal, 'timeout').mockImplementation(() => timeout(100));
}

beforeEach(() => {
  Logger.overrideLogger(false);
});

afterEach(() => {
  jest.restoreAllMocks();
});

describe('the variables', () => {
  /** A URL where nothing listens, so that the other checks end at once. */
  const run = (env: NodeJS.ProcessEnv, args: string[] = [], cwd = createFolder()): Promise<DoctorRun> =>
    doctor(args, { env: { COINFLOW_BASE_URL: 'http://127.0.0.1:1', ...env }, cwd });

  it('accepts variables with which the module starts, and names the environment and the merchant', async () => {
    const { check } = await run(VALID);
    expect(check('variables')).toMatchObject({
      status: 'ok',
      found: expect.stringContaining('env local, merchant acme'),
    });
    expect(check('unknown-variables').status).toBe('ok');
  });

  it('reports every problem that the module would report at startup', async () => {
    const { exitCode, check } = await run({ ...VALID, COINFLOW_ENV: 'production', COINFLOW_API_KEY: ' Bearer key' });
    expect(exitCode).toBe(1);
    const { status, found, advice } = check('variables');
    expect([status, found]).toEqual(['failed', expect.stringContaining('2 problems')]);
    expect(advice).toContain(
      'env must be one of sandbox, prod, staging, staging-live, local (environment variable COINFLOW_ENV)',
    );
    expect(advice).toContain('apiKey must be the API key alone, without "Bearer "');
  });

  it('skips the checks that need valid variables', async () => {
    const { check } = await run({});
    for (const id of ['base-url', 'coinflow', 'clock', 'api-key'] as const) expect(check(id).status).toBe('skipped');
  });

  it('reads the .env file of the folder', async () => {
    const lines = Object.entries(VALID).map(([name, value]) => `${name}="${value}" # comment`);
    const cwd = createFolder({ '.env': lines.join('\n') });
    const { check } = await run({}, [], cwd);
    expect(check('variables')).toMatchObject({ status: 'ok', found: expect.stringContaining(`${cwd}/.env`) });
  });

  it('prefers a variable of the environment, also an empty one', async () => {
    const cwd = createFolder({ '.env': 'COINFLOW_MERCHANT_ID=other' });
    expect((await run(VALID, [], cwd)).check('variables').found).toContain('merchant acme');
    expect((await run({ ...VALID, COINFLOW_MERCHANT_ID: '' }, [], cwd)).check('variables').status).toBe('failed');
  });

  it("reads the file with the parser of the application's @nestjs/config", async () => {
    const cwd = createFolder({
      '.env': 'anything',
      'node_modules/@nestjs/config/package.json': '{ "name": "@nestjs/config", "version": "4.0.0" }',
      'node_modules/@nestjs/config/node_modules/dotenv/index.js':
        "exports.parse = (text) => ({ COINFLOW_MERCHANT_ID: 'parsed-' + text })",
    });
    const env = { COINFLOW_ENV: 'local', COINFLOW_API_KEY: API_KEY };
    const { check } = await run(env, [], cwd);
    expect(check('variables').found).toContain('merchant parsed-anything');
  });

  it('reads another file with --env-file, and rejects one that does not exist', async () => {
    const cwd = createFolder({ '.env.test': 'COINFLOW_MERCHANT_ID=tested', '.env': 'COINFLOW_MERCHANT_ID=not-this' });
    const env = { COINFLOW_ENV: 'local', COINFLOW_API_KEY: API_KEY };
    expect((await run(env, ['--env-file', '.env.test'], cwd)).check('variables').found).toContain('merchant tested');
    await expect(run(env, ['--env-file', 'missing'], cwd)).rejects.toThrow('--env-file: there is no such file');
  });

  it('warns of an unknown variable and names the nearest known one', async () => {
    const { check } = await run({
      ...VALID,
      COINFLOW_WEBHOOK_KEY: 'canary',
      COINFLOW_APIKEY: 'canary',
      COINFLOW_X: '1',
    });
    const { status, found, advice } = check('unknown-variables');
    expect(status).toBe('warning');
    expect(found).toBe('the package does not read COINFLOW_WEBHOOK_KEY, COINFLOW_APIKEY, COINFLOW_X');
    expect(advice).toContain('COINFLOW_APIKEY: did you mean COINFLOW_API_KEY?');
    expect(advice).toContain('COINFLOW_WEBHOOK_KEY: did you mean COINFLOW_WEBHOOK_VALIDATION_KEY?');
    expect(advice).not.toContain('COINFLOW_X');
  });

  it('warns of missing seal keys where a shared store would need them', () => {
    const check = (env: NodeJS.ProcessEnv, redisUrl?: string): string | undefined => {
      const others = { cwd: '/', redisPrefix: undefined, webhookUrl: undefined };
      const [variables] = checkVariables({ ...others, env: { ...VALID, ...env }, redisUrl }, undefined).results;
      return variables?.status;
    };
    expect(check({ COINFLOW_ENV: 'staging' }, 'redis://127.0.0.1')).toBe('warning');
    expect(check({ COINFLOW_ENV: 'staging' })).toBe('ok');
    expect(check({ COINFLOW_ENV: 'staging', COINFLOW_SEAL_KEYS: SEAL_KEY }, 'redis://127.0.0.1')).toBe('ok');
    expect(check({ COINFLOW_ENV: 'sandbox' }, 'redis://127.0.0.1')).toBe('ok');
  });
});

describe('the base URL', () => {
  const baseUrl = async (env: NodeJS.ProcessEnv): Promise<ReturnType<DoctorRun['check']>> =>
    (await doctor([], { env: { ...VALID, ...env } })).check('base-url');

  it('fails when the URL belongs to another environment, and sends no request to it', async () => {
    const { check } = await doctor([], {
      env: { ...VALID, COINFLOW_ENV: 'prod', COINFLOW_BASE_URL: 'https://api-sandbox.coinflow.cash' },
    });
    expect(check('base-url')).toMatchObject({
      status: 'failed',
      found: 'https://api-sandbox.coinflow.cash is the URL of env "sandbox", but env is "prod"',
    });
    expect(check('coinflow')).toMatchObject({ status: 'skipped', found: 'the base URL is wrong' });
  });

  it('fails when the host does not resolve', async () => {
    expect(await baseUrl({ COINFLOW_BASE_URL: 'https://coinflow.invalid' })).toMatchObject({
      status: 'failed',
      found: expect.stringMatching(/does not resolve: E[A-Z_]+$/),
    });
  });

  it('warns when production uses a server of this machine', async () => {
    expect(await baseUrl({ COINFLOW_ENV: 'prod', COINFLOW_BASE_URL: 'http://127.0.0.1:1' })).toMatchObject({
      status: 'warning',
    });
  });

  it('accepts a URL of this machine for env local', async () => {
    expect(await baseUrl({ COINFLOW_BASE_URL: 'http://localhost:1' })).toMatchObject({
      status: 'ok',
      found: 'http://localhost:1',
    });
  });
});

describe('Coinflow', () => {
  let coinflow: CoinflowEmulator;
  let server: ScriptedServer;

  beforeEach(async () => {
    coinflow = await takeEmulator();
    server = await startScriptedServer();
  });

  afterEach(() => {
    giveBackEmulator(coinflow);
    server.close();
  });

  /** With the emulator and its first merchant. */
  const withEmulator = (env: NodeJS.ProcessEnv = {}, cwd = createFolder()): Promise<DoctorRun> => {
    const [merchant] = coinflow.merchants;
    const { apiKey, merchantId } = merchant ?? { apiKey: '', merchantId: '' };
    return doctor([], {
      cwd,
      env: {
        ...VALID,
        COINFLOW_BASE_URL: coinflow.url,
        COINFLOW_API_KEY: apiKey,
        COINFLOW_MERCHANT_ID: merchantId,
        ...env,
      },
    });
  };
  const withServer = (...answers: RequestListener[]): Promise<DoctorRun> => {
    server.script(...answers);
    return doctor([], { env: { ...VALID, COINFLOW_BASE_URL: server.url } });
  };
  const REJECTED = json(401, {}, '{"message":"Invalid session key"}');

  it('is ok when it rejects a random session key, knows the API key and has the same time', async () => {
    const { check } = await withEmulator();
    expect(check('coinflow')).toMatchObject({ status: 'ok', found: 'rejects a random session key' });
    expect(check('clock')).toMatchObject({ status: 'ok' });
    expect(check('api-key')).toMatchObject({ status: 'ok', found: expect.stringContaining('accepted') });
  });

  it('the exit code is 0 with warnings and skipped checks, and 1 with a failed check', async () => {
    const cwd = createFolder(installed(SUPPORTED));
    const { exitCode, output } = await withEmulator({ COINFLOW_OTHER: '1' }, cwd);
    expect(JSON.parse(output)).toMatchObject({ ok: true });
    expect(output).toContain('"status": "warning"');
    expect(output).toContain('"status": "skipped"');
    expect(exitCode).toBe(0);
    expect((await withEmulator({ COINFLOW_API_KEY: API_KEY }, cwd)).exitCode).toBe(1);
  });

  it('creates no session key', async () => {
    await withEmulator();
    const created = coinflow.calls.filter(({ endpoint, status }) => endpoint === 'session-key' && status === 200);
    expect(created).toEqual([]);
    expect(coinflow.calls.some(({ endpoint }) => endpoint === 'verify')).toBe(true);
  });

  it.each<[string, RequestListener, string, string]>([
    ['a server that accepts every key', json(200), 'failed', 'accepts-any-key'],
    ['a captive portal with HTML', html(200), 'failed', 'not-coinflow'],
    ['a firewall that answers 403 with HTML', html(403), 'failed', 'not-coinflow'],
    ['a path that does not exist', json(404), 'failed', 'wrong-url'],
    ['a redirect', json(302, { location: '/login' }), 'failed', 'wrong-url'],
    ['a rate limit', json(429), 'warning', 'rate-limited-by-coinflow'],
    ['an outage', json(503), 'failed', 'status-503'],
    ['a broken connection', reset, 'failed', 'connection'],
    ['no response', hang, 'failed', 'timeout'],
  ])('tells apart %s, and does not send the API key there', async (_, answer, status, reason) => {
    if (answer === hang) shortenTimeouts();
    const { check } = await withServer(answer);
    expect(check('coinflow')).toMatchObject({ status, found: expect.stringContaining(`[${reason}]`) });
    expect(check('coinflow').advice).not.toBe('');
    expect(check('api-key').status).toBe('skipped');
    expect(server.requests.length).toBeGreaterThan(0);
    expect(server.requests.filter(({ headers }) => headers.authorization !== undefined)).toEqual([]);
  });

  it('advises to start the emulator when nothing listens at the URL of env "local"', async () => {
    const { port } = new URL(server.url);
    server.close();
    const refused = { ...VALID, COINFLOW_BASE_URL: `http://127.0.0.1:${port}` };
    const { check } = await doctor([], { env: { ...refused, COINFLOW_ENV: 'local' } });
    expect(check('coinflow')).toMatchObject({ status: 'failed', found: expect.stringContaining('ECONNREFUSED') });
    expect(check('coinflow').advice).toContain('npx coinflow-emulator');
    const staging = await doctor([], { env: { ...refused, COINFLOW_ENV: 'staging' } });
    expect(staging.check('coinflow').advice).not.toContain('emulator');
  });

  it.each([400, 401])('accepts a %d with JSON as the rejection of the random key', async (status) => {
    const { check } = await withServer(json(status));
    expect(check('coinflow').status).toBe('ok');
  });

  it.each([
    [60, 'behind'],
    [-60, 'ahead of'],
  ])('warns when the clock of Coinflow differs by %d s', async (seconds, direction) => {
    const date = new Date(Date.now() + seconds * 1_000).toUTCString();
    const { check } = await withServer(json(401, { date }));
    expect(check('clock')).toMatchObject({
      status: 'warning',
      found: expect.stringMatching(new RegExp(`^(?:59|60|61) s ${direction} Coinflow's`)),
    });
  });

  it('does not check the clock when no response had a Date', async () => {
    const { check } = await withServer((_, response) => {
      response.sendDate = false;
      response.writeHead(401).end();
    });
    expect(check('clock').status).toBe('skipped');
  });

  it('fails for an API key that Coinflow does not know, and does not print it', async () => {
    const { check, output } = await withEmulator({ COINFLOW_API_KEY: API_KEY });
    expect(check('api-key')).toMatchObject({ status: 'failed', found: expect.stringContaining('Invalid API key') });
    expect(check('api-key').advice).toContain('env "local"');
    expect(output).not.toContain('canary');
  });

  describe('with Get Merchant', () => {
    const MERCHANT_OF =
      (merchantId?: string, status = 401): RequestListener =>
      (request, response) => {
        if (request.url !== '/api/merchant') return REJECTED(request, response);
        if (request.headers.authorization !== API_KEY) return json(status)(request, response);
        return json(200, {}, JSON.stringify({ merchantId }))(request, response);
      };

    it.each([
      ['acme', 'accepted for merchant acme'],
      [undefined, 'accepted; its merchant could not be checked'],
    ])('accepts an API key that reads the merchant %s', async (merchantId, found) => {
      const { check } = await withServer(MERCHANT_OF(merchantId));
      expect(check('api-key')).toMatchObject({ status: 'ok', found });
    });

    it('fails for the API key of another merchant', async () => {
      const { check } = await withServer(MERCHANT_OF('other-merchant'));
      expect(check('api-key')).toMatchObject({
        status: 'failed',
        found: 'belongs to the merchant other-merchant, but COINFLOW_MERCHANT_ID is acme',
      });
    });

    it('does not accept the key because of a server that lets a random key read a merchant', async () => {
      const { check } = await withServer(MERCHANT_OF('acme', 200));
      expect(check('api-key').status).toBe('warning');
    });
  });

  it.each<[string, RequestListener]>([
    ['says the same to a random key', json(401, {}, '{"details":"Header x-coinflow-auth-user-id is required"}')],
    ['does not say why', REJECTED],
    ['may mean the missing user', json(401, {}, '{"message":"Missing API key or user id"}')],
    ['is rate-limited', (request, response) => json(request.headers.authorization ? 429 : 401)(request, response)],
    ['fails', (request, response) => (request.headers.authorization ? html(502) : json(401))(request, response)],
  ])('cannot decide about the API key when Coinflow %s', async (_, answer) => {
    const { check } = await withServer(answer);
    expect(check('api-key')).toMatchObject({
      status: 'warning',
      found: expect.stringContaining('could not be checked'),
    });
  });

  it('redacts the API key in a message of Coinflow that repeats it', async () => {
    server.script((request, response) => {
      const details = `Unknown API key ${request.headers.authorization}`;
      json(401, {}, JSON.stringify({ details }))(request, response);
    });
    const env = { env: 'local', baseUrl: server.url, apiKey: API_KEY, merchantId: 'acme' } as const;
    expect(await checkApiKey(resolveOptions(env))).toMatchObject({
      status: 'failed',
      found: expect.stringContaining('"Unknown API key [redacted]"'),
    });
  });

  it('redacts a secret that the doctor has not sent', async () => {
    server.script(json(503, {}, JSON.stringify({ message: `key ${WEBHOOK_KEY}` })));
    const env = { ...VALID, COINFLOW_BASE_URL: server.url, COINFLOW_WEBHOOK_VALIDATION_KEY: `other, ${WEBHOOK_KEY}` };
    const { output, check } = await doctor([], { env });
    expect(check('coinflow').found).toContain('"key [redacted]"');
    expect(output).not.toContain(WEBHOOK_KEY);
  });
});

describe('the webhook route', () => {
  let server: ScriptedServer;
  let app: WebhookApp | undefined;

  beforeEach(async () => {
    server = await startScriptedServer();
  });

  afterEach(async () => {
    server.close();
    await app?.close();
    app = undefined;
  });

  const ofServer = (answer: RequestListener): ReturnType<typeof checkWebhookRoute> => {
    server.script(answer);
    return checkWebhookRoute(`${server.url}/webhooks`);
  };

  it('is ok when the application rejects a wrong signature itself, and runs no handler', async () => {
    app = await createWebhookApp({ controllers: [CountingController] });
    const url = `${app.url}/webhooks`;
    const { check } = await doctor(['--webhook-url', url]);
    expect(check('webhook-route')).toEqual({ status: 'ok', found: `${url} rejects a wrong signature`, advice: '' });
    expect(CountingController.received).toBe(0);
  });

  it('fails for an application without the raw body', async () => {
    app = await createWebhookApp({ rawBody: false });
    const found = await checkWebhookRoute(`${app.url}/webhooks`);
    expect(found).toMatchObject({ status: 'failed', found: expect.stringContaining('no raw body') });
    expect(found.advice.join()).toContain('{ rawBody: true }');
  });

  it('fails for an application without the route', async () => {
    app = await createWebhookApp();
    expect(await checkWebhookRoute(`${app.url}/webhook`)).toMatchObject({
      status: 'failed',
      found: expect.stringContaining('404: the application has no such route'),
    });
  });

  it('fails for a function of the application that returns no webhook keys', async () => {
    app = await createWebhookApp({ webhook: { keys: () => Promise.reject(new Error('canary')) } });
    expect(await checkWebhookRoute(`${app.url}/webhooks`)).toMatchObject({
      status: 'failed',
      found: expect.stringContaining('(COINFLOW_WEBHOOK_UNAVAILABLE)'),
    });
  });

  it.each<[string, RequestListener, string]>([
    ['a route that accepts every webhook', json(200), 'accepts a forged webhook'],
    ['a redirect', json(308, { location: '/login?token=canary' }), 'a redirect to http'],
    ['HTML of a proxy with 404', html(404), 'HTML'],
    ['HTML of a proxy with 403', html(403), 'HTML'],
    ['a guard that answers 403', json(403), 'another guard'],
    ['a guard that answers 401', json(401, { 'www-authenticate': 'Bearer' }), 'another guard'],
    [
      'a 401 with our code and no challenge',
      json(401, {}, '{"code":"COINFLOW_WEBHOOK_SIGNATURE_INVALID"}'),
      'did not get to',
    ],
    ['a method that is not allowed', json(405), 'no such route'],
    ['another error', json(500, {}, 'canary'), 'not an answer of the package'],
    ['a broken connection', reset, 'ECONNRESET'],
  ])('tells apart %s', async (_, answer, found) => {
    const check = await ofServer(answer);
    expect(check).toMatchObject({ status: 'failed', found: expect.stringContaining(found) });
    expect(check.advice).toHaveLength(1);
    expect(JSON.stringify(check)).not.toContain('canary');
  });

  it('fails when nothing listens', async () => {
    const closed = createServer();
    await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
    const { port } = closed.address() as AddressInfo;
    await new Promise((resolve) => closed.close(resolve));
    expect(await checkWebhookRoute(`http://127.0.0.1:${port}/webhooks?token=canary`)).toMatchObject({
      status: 'failed',
      found: `http://127.0.0.1:${port}/webhooks: ECONNREFUSED`,
    });
  });

  it('fails when the route does not respond within the five seconds that Coinflow waits', async () => {
    shortenTimeouts();
    expect(await ofServer(hang)).toMatchObject({
      status: 'failed',
      found: expect.stringContaining('no response within 5 s'),
    });
  });

  it('is skipped without a URL', async () => {
    expect(await checkWebhookRoute(undefined)).toMatchObject({ status: 'skipped' });
  });
});

describe('the doctor', () => {
  it('prints its help, and nothing else', async () => {
    const { exitCode, output } = await doctorOutput(['--help']);
    expect(exitCode).toBe(0);
    expect(output).toMatch(/^nestjs-coinflow-auth doctor: .*--webhook-url/s);
  });

  it('prints no secret, whatever is wrong with it', async () => {
    const env = {
      ...VALID,
      COINFLOW_BASE_URL: 'http://user:canary_password@127.0.0.1:1',
      COINFLOW_WEBHOOK_VALIDATION_KEY: `${WEBHOOK_KEY}\u0001`,
      COINFLOW_SEAL_KEYS: `${SEAL_KEY},canary_seal`,
      REDIS_URL: 'redis://user:canary_password@127.0.0.1:1',
    };
    for (const args of [[], ['--json']]) {
      const { exitCode, output } = await doctorOutput(args, { env });
      expect(exitCode).toBe(1);
      expect(output).not.toMatch(/canary/);
      expect(output).not.toContain(SEAL_KEY);
    }
  });
});
