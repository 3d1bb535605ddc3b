import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';

const root = new URL('../..', import.meta.url).pathname;

/** A process that serves HTTP, and can be killed. */
export interface ListeningProcess {
  readonly child: ChildProcess;
  readonly url: string;
}

/** Builds what the processes run, if it is not built. */
export function buildForProcesses(): void {
  const { status } = spawnSync(process.execPath, ['scripts/build.mjs'], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) throw new Error('The build has failed');
}

/** Starts a script with nothing in its environment but what it is given, and waits until it says where it listens. */
export async function startProcess(script: string, env: Record<string, string>): Promise<ListeningProcess> {
  const child = spawn(process.execPath, [script], {
    cwd: root,
    env: { PATH: process.env.PATH, NO_COLOR: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // Its warnings are expected here; what it said before it broke down is not.
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  child.once('exit', (code) => code && process.stderr.write(errors));
  const url = await new Promise<string>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`${script} ended with ${code}`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const at = /(?:Listens|Sample merchant) at (\S+)/.exec(line)?.[1];
      if (at) resolve(at);
    });
  });
  return { child, url };
}

export async function killProcess({ child }: ListeningProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  await new Promise((resolve) => child.once('exit', resolve) && child.kill('SIGKILL'));
}
