// Child processes of the scripts. They end with the script: on a signal, and when the npm that started it ends.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname } from 'node:path';
import { setInterval } from 'node:timers';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

const POLL_MS = 500;
const KILL_AFTER_MS = 5_000;
const initialStarter = readStarter();
const running = new Set();
let exitCodeOf = (signal) => 128 + constants.signals[signal];
let isWatching = false;
let ending = false;

/** Starts a command in its own process group. Ctrl-C reaches it through this script only, which waits for its end. */
export function start(command, args, options) {
  watch();
  const child = spawn(command, args, { cwd: root, detached: process.platform !== 'win32', ...options });
  running.add(child);
  for (const event of ['exit', 'error']) child.once(event, () => running.delete(child));
  return child;
}

/** Runs a command to its end. Ends this process if the command fails. */
export async function run(command, args, options) {
  const shell = process.platform === 'win32' && command === 'npm';
  const child = start(command, args, { stdio: 'inherit', shell, ...options });
  const [code, signal] = await once(child, 'exit').catch(({ message }) => fail(`Cannot start ${command}: ${message}`));
  if (code !== 0) await end(code ?? exitCodeOf(signal));
}

/** From now on, a signal ends this process with exit code 0, because it runs servers. */
export function endWithoutError() {
  exitCodeOf = () => 0;
}

/** Ends all child processes, then this process. */
export async function end(code) {
  if (!ending) {
    ending = true;
    const ended = [...running].map((child) => once(child, 'exit'));
    kill('SIGTERM');
    setTimeout(() => kill('SIGKILL'), KILL_AFTER_MS);
    await Promise.allSettled(ended);
    process.exit(code);
  }
  // Never resolves, so that callers do not continue.
  return new Promise(() => undefined);
}

/** Whether this process is ending its child processes. */
export function isEnding() {
  return ending;
}

export function fail(message) {
  console.error(message);
  process.exit(1);
}

/** Kills whole process groups, because Jest has workers and tests start servers. */
function kill(signal) {
  for (const child of running) {
    try {
      if (process.platform === 'win32') child.kill(signal);
      else process.kill(-child.pid, signal);
    } catch {
      // The process has ended in the meantime.
    }
  }
}

function watch() {
  if (isWatching) return;
  isWatching = true;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => void end(exitCodeOf(signal)));
  // npm passes SIGTERM to its shell only, and no signal when it is killed. So the script watches whether npm is running.
  if (process.env.npm_lifecycle_event === undefined) return;
  setInterval(() => readStarter() !== initialStarter && void end(exitCodeOf('SIGHUP')), POLL_MS).unref();
}

/** Identifies the parent process and, if it is the shell of npm, npm itself. A change means that one of them has ended. */
function readStarter() {
  const shell = /^(?:\S*\/)?(?:sh|dash|ash|bash)\0-c\0/.test(readProcess(process.ppid, 'cmdline'));
  const [, npm] = /\) \S (\d+)/.exec(shell ? readProcess(process.ppid, 'stat') : '') ?? [];
  return [process.ppid, npm].join();
}

/** Reads a file of `/proc`, which exists on Linux. On other systems npm itself is the parent. */
function readProcess(pid, what) {
  try {
    return readFileSync(`/proc/${pid}/${what}`, 'utf8');
  } catch {
    return '';
  }
}
