import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface SubprocessOptions {
  readonly args?: readonly string[];
  /** Flags of Node. */
  readonly flags?: readonly string[];
}

/** Starts a module of ours in a process of its own. What it prints goes to the standard error, to leave the tables alone. */
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
      settle(() => reject(new Error(`${child.spawnargs[1]} ended (${code}) before it answered`)));
    child.on('message', onMessage);
    child.on('exit', onExit);
  });
}

/** Ends a process that waits for messages, and waits for its end. */
export function stopModule(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once('exit', () => resolve());
    child.kill();
  });
}

/** Gives a message to the process that started this one. */
export function tellParent(message: object): void {
  if (!process.send) throw new Error('This module is started by npm run bench');
  process.send(message);
}
