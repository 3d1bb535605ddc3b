import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface SubprocessOptions {
  readonly args?: readonly string[];
  /** Node flags. */
  readonly flags?: readonly string[];
}

/** Starts a module in its own process. Its output goes to stderr, so that stdout has the tables only. */
export function startModule(url: URL, { args = [], flags = [] }: SubprocessOptions = {}): ChildProcess {
  return fork(fileURLToPath(url), args, {
    execArgv: [...flags],
    env: { ...process.env, NODE_ENV: 'production' },
    stdio: ['ignore', 2, 2, 'ipc'],
  });
}

/**
 * The next message of a process.
 * @throws when it ends instead of sending one
 */
export function nextMessage<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    const settle = (then: () => void): void => {
      child.off('message', onMessage);
      child.off('exit', onExit);
      then();
    };
    const onMessage = (message: unknown): void => settle(() => resolve(message as T));
    const onExit = (code: number | null): void =>
      settle(() => reject(new Error(`${child.spawnargs[1]} ended (${code}) before it sent a message`)));
    child.on('message', onMessage);
    child.on('exit', onExit);
  });
}

/** Stops a process and waits for its end. */
export function stopModule(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once('exit', () => resolve());
    child.kill();
  });
}

/** Sends a message to the parent process. */
export function tellParent(message: object): void {
  if (!process.send) throw new Error('Start this module with npm run bench.');
  process.send(message);
}
