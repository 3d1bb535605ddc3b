import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { isBuilt } from '../../scripts/set-up.mjs';
import { endProcess } from './server-process.js';

const root = new URL('../..', import.meta.url).pathname;

/** A process that serves HTTP and can be killed. */
export interface ListeningProcess {
  readonly child: ChildProcess;
  readonly url: string;
}

/** `npm test` builds the sample. Tests never build. */
export function assertBuilt(): void {
  if (!isBuilt()) throw new Error('The build is missing or out of date: run `npm run build`.');
}

/** Starts a script with only the given environment variables and waits until it prints its URL. */
export async function startProcess(script: string, env: Record<string, string>): Promise<ListeningProcess> {
  const child = spawn(process.execPath, [script], {
    cwd: root,
    env: { PATH: process.env.PATH, NO_COLOR: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // Warnings are expected. The output appears only if the process fails.
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  child.once('exit', (code) => code && process.stderr.write(errors));
  const url = await new Promise<string>((resolve, reject) => {
    child.once('close', (code) => reject(new Error(`${script} ended with ${code}:\n${errors}`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const at = /(?:Listens|Sample merchant) at (\S+)/.exec(line)?.[1];
      if (at) resolve(at);
    });
  });
  return { child, url };
}

export async function killProcess({ child }: ListeningProcess): Promise<void> {
  await endProcess(child, 'SIGKILL');
}
