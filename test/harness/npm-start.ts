import { spawn, type ChildProcess } from 'node:child_process';
import { afterEach, expect } from '@jest/globals';
import { assertBuilt } from './listening-process.js';
import { send, type SentResponse } from './send.js';

const root = new URL('../..', import.meta.url).pathname;
const running = new Set<ChildProcess>();

/** `npm start` as a process. */
export interface Started {
  readonly child: ChildProcess;
  /** Resolves after all processes that it has started have ended. */
  readonly exit: Promise<number | null>;
  output(): string;
  /** Resolves with the match when it appears in the output. */
  until(pattern: RegExp): Promise<RegExpExecArray>;
  /** Resolves with both URLs when they appear in the output. */
  ready(): Promise<{ sample: string; coinflow: string }>;
}

/** Any free ports. */
export const FREE_PORTS = { PORT: '0', COINFLOW_EMULATOR_PORT: '0' };

/** Starts the script without the Coinflow variables of this environment. It is stopped after the test. */
export function npmStart(env: Record<string, string>, ...args: string[]): Started {
  return startCommand([process.execPath, 'scripts/start.mjs', ...args], env);
}

/** Starts another command, such as `npm`, in the same way. */
export function startCommand([command = '', ...args]: string[], env: Record<string, string>): Started {
  assertBuilt();
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(COINFLOW_|REDIS_URL$|DATABASE_URL$|PORT$|HOST$|PLATFORM$|NODE_OPTIONS$)/.test(name),
  );
  const child = spawn(command, args, {
    cwd: root,
    env: { ...Object.fromEntries(inherited), ...env },
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      child.emit('output');
    });
  }
  const until = (pattern: RegExp): Promise<RegExpExecArray> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const match = pattern.exec(output);
        if (match) resolve(match);
      };
      child.on('output', look).once('close', () => reject(new Error(`It ended without ${pattern}:\n${output}`)));
      look();
    });
  return {
    child,
    exit: new Promise((resolve) => child.once('close', resolve)),
    output: () => output,
    until,
    ready: async () => {
      await until(/Press Ctrl-C to stop/);
      const [, sample = ''] = await until(/Sample merchant {3}(\S+)/);
      const [, coinflow = ''] = await until(/Coinflow {10}(\S+)/);
      return { sample, coinflow };
    },
  };
}

afterEach(async () => {
  const ended = [...running].map((child) => new Promise((resolve) => child.once('exit', resolve)));
  for (const child of running) child.kill('SIGTERM');
  await Promise.all(ended);
});

/** Logs alice in at the sample and calls its guarded route with her session key. */
export async function logInAndCall(sample: string): Promise<SentResponse> {
  const login = await send(`${sample}/auth/login`, {
    method: 'POST',
    body: { username: 'alice', password: 'alice-demo' },
  });
  const { accessToken } = login.body as { accessToken: string };
  const created = await send(`${sample}/coinflow/session-key`, {
    headers: { authorization: `Bearer ${accessToken}` },
  });
  const { key } = created.body as { key: string };
  return send(`${sample}/me`, { headers: { 'x-coinflow-auth-session-key': key } });
}

/** Starts two instances at the same time, uses both and stops each with a signal. */
export async function startTwoAndStop(platform: string): Promise<void> {
  const env = { ...FREE_PORTS, PLATFORM: platform };
  const both = [npmStart(env), npmStart(env)];
  const urls = await Promise.all(both.map((started) => started.ready()));
  for (const { sample } of urls) expect(await logInAndCall(sample)).toMatchObject({ status: 200 });
  expect(both[0]?.output()).not.toContain('Building');

  both[0]?.child.kill('SIGINT');
  both[1]?.child.kill('SIGTERM');
  expect(await Promise.all(both.map(({ exit }) => exit))).toEqual([0, 0]);
  for (const { sample, coinflow } of urls) {
    await expect(send(sample)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await expect(send(coinflow)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  }
}
