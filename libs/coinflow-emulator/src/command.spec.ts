import { afterEach, describe, expect, it } from '@jest/globals';
import { send } from '../../../test/harness/send.js';
import { UsageError, runCommand } from './command.js';
import type { CoinflowEmulator } from './coinflow-emulator.js';

describe('the coinflow-emulator command', () => {
  const lines: string[] = [];
  const running: CoinflowEmulator[] = [];

  async function run(args: string[], env: NodeJS.ProcessEnv = {}): Promise<CoinflowEmulator | undefined> {
    lines.length = 0;
    const emulator = await runCommand(args, env, (line) => lines.push(line));
    if (emulator) running.push(emulator);
    return emulator;
  }

  afterEach(async () => {
    await Promise.all(running.splice(0).map((emulator) => emulator.close()));
  });

  it('prints its URL and the API keys of its merchants at startup', async () => {
    const emulator = await run(['--port', '0']);
    expect(lines[0]).toBe(`Coinflow emulator at ${emulator?.url}`);
    expect(lines.slice(1)).toEqual([
      '  merchant demo-merchant, API key coinflow_emulator_key_of_demo_merchant',
      '  merchant other-merchant, API key coinflow_emulator_key_of_other_merchant',
    ]);
    expect((await fetch(`${emulator?.url}/api/auth/verify`)).status).toBe(401);
  });

  it('accepts merchants, limits, a session lifetime and a control setting', async () => {
    const emulator = await run([
      '-p',
      '0',
      '--merchant',
      'mine=k=1',
      '--merchant',
      'yours=k2',
      '--limit-without-key',
      '1',
    ]);
    expect(emulator?.merchants).toEqual([
      { merchantId: 'mine', apiKey: 'k=1' },
      { merchantId: 'yours', apiKey: 'k2' },
    ]);
    await fetch(`${emulator?.url}/api/auth/verify`);
    expect((await fetch(`${emulator?.url}/api/auth/verify`)).status).toBe(429);
  });

  it('accepts further origins and host names', async () => {
    const emulator = await run(['-p', '0', '--allow-origin', 'https://app.test', '--allow-host', 'coinflow.test']);
    const headers = { origin: 'https://app.test', host: 'coinflow.test' };
    const answer = await send(`${emulator?.url}/api/auth/verify`, { headers });
    expect(answer).toMatchObject({ status: 401, headers: { 'access-control-allow-origin': 'https://app.test' } });
  });

  it('reads the port from the environment unless --port is given', async () => {
    await expect(run([], { COINFLOW_EMULATOR_PORT: 'x' })).rejects.toThrow('"x" is not a valid port');
    await expect(run(['-p', '0'], { COINFLOW_EMULATOR_PORT: 'x' })).resolves.toMatchObject({ url: expect.any(String) });
  });

  it.each(['--help', '-h'])('prints the help for %s and starts nothing', async (flag) => {
    await expect(run([flag])).resolves.toBeUndefined();
    expect(lines.join()).toContain('COINFLOW_EMULATOR_PORT');
  });

  it.each([
    [['--port', '65536'], '"65536" is not a valid port'],
    [['--port', '-1'], 'See coinflow-emulator --help'],
    [['--prot', '1'], 'See coinflow-emulator --help'],
    [['--limit-with-key', 'many'], '"many" is not a valid limit'],
    [['--session-lifetime', '0'], '"0" is not a valid session lifetime'],
    [['--control', 'all'], '"all" is not valid for --control. Pass one of loopback, any, off'],
    [['--allow-origin', 'app.test'], '--allow-origin: "app.test" is not an origin. Pass a scheme'],
    [['--allow-origin', 'https://app.test/page'], '--allow-origin: "https://app.test/page" is not an origin'],
    [['--allow-origin', '*'], '--allow-origin: "*" is not an origin'],
    [['--allow-host', 'shop.test:4010'], '--allow-host: "shop.test:4010" is not a host name. Pass a name without'],
    [['--merchant', 'mine=k', '--merchant', 'no-key'], '--merchant number 2 must be id=apiKey'],
    [['--merchant', 'mine=a key'], '--merchant number 1 must be id=apiKey'],
    [['--merchant', 'mine=a', '--merchant', 'mine=b'], 'Two merchants have the same id'],
    [['--merchant', 'mine=a', '--merchant', 'yours=a'], 'Two merchants have the same API key'],
  ])('rejects the arguments %j with a message that says what to do', async (args, message) => {
    const attempt = run(args);
    await expect(attempt).rejects.toBeInstanceOf(UsageError);
    await expect(attempt).rejects.toThrow(message);
  });

  it('rejects a port in use with a message that says what to do', async () => {
    const emulator = await run(['--port', '0']);
    const { port } = new URL(emulator?.url ?? '');
    await expect(run(['--port', port])).rejects.toThrow(`Port ${port} is in use. Set another one with --port`);
  });

  it('passes other errors of the server on', async () => {
    await expect(run(['--port', '0', '--host', '203.0.113.1'])).rejects.toThrow('EADDRNOTAVAIL');
  });
});
