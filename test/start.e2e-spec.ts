import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { startCoinflowEmulator } from 'coinflow-emulator';
import { send, type SentResponse } from './harness/send.js';

const root = new URL('..', import.meta.url).pathname;

interface Started {
  child: ChildProcess;
  output(): string;
  /** Resolves with the match once the output has it. */
  until(pattern: RegExp): Promise<RegExpExecArray>;
  exit: Promise<number | null>;
}

describe('npm start', () => {
  const children: ChildProcess[] = [];

  beforeAll(() => {
    expect(spawnSync(process.execPath, ['scripts/build.mjs'], { cwd: root }).status).toBe(0);
  });

  afterEach(async () => {
    const running = children.splice(0).filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null);
    await Promise.all(
      running.map((child) => new Promise((resolve) => child.once('exit', resolve) && child.kill('SIGTERM'))),
    );
  });

  function start(env: Record<string, string>, ...args: string[]): Started {
    const inherited = Object.entries(process.env).filter(
      ([name]) => !/^(COINFLOW_|REDIS_URL$|PORT$|HOST$|PLATFORM$|NODE_OPTIONS$)/.test(name),
    );
    const child = spawn(process.execPath, ['scripts/start.mjs', ...args], {
      cwd: root,
      env: { ...Object.fromEntries(inherited), ...env },
    });
    children.push(child);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        child.emit('output');
      });
    }
    return {
      child,
      output: () => output,
      exit: new Promise((resolve) => child.once('close', resolve)),
      until: (pattern) =>
        new Promise((resolve, reject) => {
          const look = (): void => {
            const match = pattern.exec(output);
            if (match) resolve(match);
          };
          child.on('output', look).once('close', () => reject(new Error(`It ended without ${pattern}:\n${output}`)));
          look();
        }),
    };
  }

  async function ready(started: Started): Promise<{ sample: string; coinflow: string }> {
    await started.until(/Ctrl-C stops everything/);
    const [, sample = ''] = await started.until(/Sample merchant {3}(\S+)/);
    const [, coinflow = ''] = await started.until(/Coinflow {10}(\S+)/);
    return { sample, coinflow };
  }

  async function logInAndCall(sample: string): Promise<SentResponse> {
    const login = await send(`${sample}/auth/login`, {
      method: 'POST',
      body: { username: 'alice', password: 'alice-demo' },
    });
    const { accessToken } = login.body as { accessToken: string };
    const minted = await send(`${sample}/coinflow/session-key`, {
      headers: { authorization: `Bearer ${accessToken}` },
    });
    const { key } = minted.body as { key: string };
    return send(`${sample}/me`, { headers: { 'x-coinflow-auth-session-key': key } });
  }

  it.each(['express', 'fastify'])(
    'runs the emulator and the sample on %s; two beside each other; a signal stops both',
    async (platform) => {
      const env = { PORT: '0', COINFLOW_EMULATOR_PORT: '0', PLATFORM: platform };
      const both = [start(env), start(env)];
      const urls = await Promise.all(both.map(ready));
      for (const { sample } of urls) expect(await logInAndCall(sample)).toMatchObject({ status: 200 });
      expect(both[0]?.output()).not.toContain('Building');

      both[0]?.child.kill('SIGINT');
      both[1]?.child.kill('SIGTERM');
      expect(await Promise.all(both.map(({ exit }) => exit))).toEqual([0, 0]);
      for (const { sample, coinflow } of urls) {
        await expect(send(sample)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
        await expect(send(coinflow)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
      }
    },
  );

  it('names the page first, and serves it', async () => {
    const started = start({ PORT: '0', COINFLOW_EMULATOR_PORT: '0' });
    const { sample } = await ready(started);
    const [, page = ''] = await started.until(/Try:\n {2}(\S+)/);
    expect(page).toBe(`${sample}/`);
    const { status, text } = await send(page);
    expect([status, text]).toEqual([200, expect.stringContaining('<div id="page"')]);
    const [script = ''] = /\/assets\/[\w-]+\.js/.exec(text) ?? [];
    expect(await send(sample + script)).toMatchObject({ status: 200 });
  });

  it('for who works on the page, Vite serves it, and asks the sample', async () => {
    const started = start({ PORT: '0', COINFLOW_EMULATOR_PORT: '0' }, '--dev');
    const { sample } = await ready(started);
    const [, page = ''] = await started.until(/Try:\n {2}(\S+)/);
    expect(page).not.toBe(`${sample}/`);
    const { status, text } = await send(page);
    expect([status, text]).toEqual([200, expect.stringContaining('/src/main.tsx')]);
    expect(await send(`${page}demo/state`)).toMatchObject({ status: 200, body: { coinflow: { condition: 'well' } } });
    started.child.kill('SIGINT');
    expect(await started.exit).toBe(0);
    await expect(send(page)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it.each<[string, Record<string, string>]>([
    ['a key of its own', {}],
    ['the first of the environment’s keys', { COINFLOW_WEBHOOK_VALIDATION_KEY: 'new-key, old-key' }],
  ])('the emulator tells the sample that money has moved, under %s', async (_, env) => {
    const started = start({ PORT: '0', COINFLOW_EMULATOR_PORT: '0', ...env });
    const { sample, coinflow } = await ready(started);
    expect(started.output()).toMatch(/Webhooks are on: POST \/webhooks\/coinflow/);
    const data = { customerId: 'alice', subtotal: { cents: 500 } };
    const sent = await send(`${coinflow}/_emulator/webhooks/send`, {
      method: 'POST',
      body: { eventType: 'Settled', data },
    });
    expect(sent).toMatchObject({ status: 200, body: { webhooks: { attempts: [{ status: 200 }] } } });
    expect(await logInAndCall(sample)).toMatchObject({ body: { balance: { cents: 500, currency: 'USD' } } });
  });

  it('uses the Coinflow that the environment names, and starts none', async () => {
    const own = await startCoinflowEmulator({ merchants: [{ merchantId: 'mine', apiKey: 'my-key' }] });
    const started = start({
      PORT: '0',
      COINFLOW_ENV: 'sandbox',
      COINFLOW_API_KEY: 'my-key',
      COINFLOW_MERCHANT_ID: 'mine',
      COINFLOW_BASE_URL: own.url,
    });
    const { sample, coinflow } = await ready(started);
    expect(coinflow).toBe(own.url);
    expect(started.output()).not.toMatch(/emulator/i);
    expect(started.output()).toContain('Webhooks are off: set COINFLOW_WEBHOOK_VALIDATION_KEY');
    expect(await logInAndCall(sample)).toMatchObject({ status: 200 });
    expect(own.countCalls('session-key')).toBe(1);
    await own.close();
  });

  it.each<[Record<string, string>, RegExp]>([
    [{ COINFLOW_API_KEY: 'k' }, /set COINFLOW_ENV and COINFLOW_MERCHANT_ID too/],
    [{ COINFLOW_ENV: 'sandbox', COINFLOW_MERCHANT_ID: 'm' }, /set COINFLOW_API_KEY too/],
    [{ COINFLOW_BASE_URL: 'http://127.0.0.1:1' }, /set COINFLOW_ENV and COINFLOW_MERCHANT_ID and COINFLOW_API_KEY too/],
    [{ PORT: '70000' }, /PORT is "70000"/],
    [{ COINFLOW_EMULATOR_PORT: 'x' }, /COINFLOW_EMULATOR_PORT is "x"/],
    [{ PORT: '0', COINFLOW_EMULATOR_PORT: '0', PLATFORM: 'koa' }, /PLATFORM is “koa”: express or fastify/],
  ])(
    '%j is a clear error',
    async (env, message) => {
      const started = start(env);
      expect(await started.exit).toBe(1);
      expect(started.output()).toMatch(message);
      expect(started.output()).not.toMatch(/\n {4}at /);
    },
    30_000,
  );

  it('an environment that does not exist is a clear error, by its variable', async () => {
    const started = start({ PORT: '0', COINFLOW_ENV: 'live', COINFLOW_API_KEY: 'k', COINFLOW_MERCHANT_ID: 'm' });
    expect(await started.exit).toBe(1);
    expect(started.output()).toMatch(/sample: CoinflowAuthModule cannot start[^]*env must be one of[^]*COINFLOW_ENV/);
  });

  describe('a taken port', () => {
    let holder: Server;

    afterEach(() => {
      holder.close();
    });

    it.each(['PORT', 'COINFLOW_EMULATOR_PORT'])('%s is a clear error', async (variable) => {
      holder = createServer();
      await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
      const { port } = holder.address() as AddressInfo;
      const started = start({ PORT: '0', COINFLOW_EMULATOR_PORT: '0', [variable]: String(port) });
      expect(await started.exit).toBe(1);
      expect(started.output()).toContain(`Port ${port} is taken. Set ${variable} to another one`);
    });
  });
});
