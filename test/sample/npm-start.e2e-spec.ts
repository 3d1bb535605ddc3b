import { createServer, type AddressInfo, type Server } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { FREE_PORTS, npmStart, startCommand, startTwoAndStop } from '../harness/npm-start.js';
import { send } from '../harness/send.js';

describe('npm start', () => {
  it('runs two instances at the same time, each with an emulator, until a signal stops them', () =>
    startTwoAndStop('express'));

  it('prints at most ten lines, with the URL of the page first', async () => {
    const started = startCommand(['npm', 'start'], FREE_PORTS);
    const { sample } = await started.ready();
    const lines = started.output().trimEnd().split('\n');
    expect(lines.length).toBeLessThanOrEqual(10);
    const [first] = lines.filter((line) => line !== '' && !line.startsWith('>'));
    expect(first).toMatch(new RegExp(`^Page +${sample}/ `));

    started.child.kill('SIGTERM');
    await started.exit;
    await expect(send(sample)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('logs each module and route with --verbose', async () => {
    const started = npmStart(FREE_PORTS, '--verbose');
    await started.ready();
    expect(started.output()).toMatch(/Mapped \{\/me, GET\} route/);
    expect(started.output()).toMatch(/merchant other-merchant, API key coinflow_emulator_key_of_other_merchant/);
  });

  it('rejects an unknown argument', async () => {
    const started = npmStart(FREE_PORTS, '--verbos');
    expect(await started.exit).toBe(1);
    expect(started.output()).toMatch(/--verbos'[^]*The arguments of npm start are --verbose and --routes/);
  });

  it('stops the emulator and the sample when its script is killed', async () => {
    const started = npmStart(FREE_PORTS);
    const { sample, coinflow } = await started.ready();
    started.child.kill('SIGKILL');
    await started.exit;
    for (const url of [sample, coinflow]) await expect(send(url)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it.each<[Record<string, string>, RegExp]>([
    [{ COINFLOW_API_KEY: 'k' }, /set COINFLOW_ENV and COINFLOW_MERCHANT_ID too/],
    [{ COINFLOW_ENV: 'sandbox', COINFLOW_MERCHANT_ID: 'm' }, /set COINFLOW_API_KEY too/],
    [{ COINFLOW_BASE_URL: 'http://127.0.0.1:1' }, /set COINFLOW_ENV and COINFLOW_MERCHANT_ID and COINFLOW_API_KEY too/],
    [{ PORT: '70000' }, /PORT is "70000"/],
    [{ COINFLOW_EMULATOR_PORT: 'x' }, /COINFLOW_EMULATOR_PORT is "x"/],
    [{ ...FREE_PORTS, PLATFORM: 'koa' }, /PLATFORM is "koa"\. Set it to express or fastify\./],
  ])(
    'rejects the environment %j with a clear error',
    async (env, message) => {
      const started = npmStart(env);
      expect(await started.exit).toBe(1);
      expect(started.output()).toMatch(message);
      expect(started.output()).not.toMatch(/\n {4}at /);
    },
    30_000,
  );

  it('names the variable of an unknown environment', async () => {
    const started = npmStart({ PORT: '0', COINFLOW_ENV: 'live', COINFLOW_API_KEY: 'k', COINFLOW_MERCHANT_ID: 'm' });
    expect(await started.exit).toBe(1);
    expect(started.output()).toMatch(/sample: CoinflowAuthModule cannot start[^]*env must be one of[^]*COINFLOW_ENV/);
  });

  describe('a port in use', () => {
    let holder: Server;

    afterEach(() => {
      holder.close();
    });

    it.each(['PORT', 'COINFLOW_EMULATOR_PORT'])('reports a port in use and names %s', async (variable) => {
      holder = createServer();
      await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
      const { port } = holder.address() as AddressInfo;
      const started = npmStart({ ...FREE_PORTS, [variable]: String(port) });
      expect(await started.exit).toBe(1);
      expect(started.output()).toContain(`Port ${port} is in use. Set ${variable} to another one`);
    });
  });
});
