// Child processes of the scripts. They end with the script: when it is told to end, and when the npm that started it is gone.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname } from 'node:path';
import { setInterval } from 'node:timers';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

const LOOK_EVERY_MS = 500;
const PATIENCE_MS = 5_000;
const startedBy = readStarter();
const running = new Set();
let exitCodeOf = (signal) => 128 + constants.signals[signal];
let isWatching = false;
let ending = false;

/** Starts a command in a process group of its own: Ctrl-C reaches it once, through this script, which waits for it. */
export function start(command, args, options) {
  watch();
  const child = spawn(command, args, { cwd: root, detached: process.platform !== 'win32', ...options });
  running.add(child);
  for (const event of ['exit', 'error']) child.once(event, () => running.delete(child));
  return child;
}

/** Runs a command to its end; ends this process with it when it fails. */
export async function run(command, args) {
  const shell = process.platform === 'win32' && command === 'npm';
  const child = start(command, args, { stdio: 'inherit', shell });
  const [code, signal] = await once(child, 'exit').catch(({ message }) =>
    fail(`${command} could not be started: ${message}`),
  );
  if (code !== 0) await end(code ?? exitCodeOf(signal));
}

/** From now on, to be told to end is no failure: what runs is a server. */
export function endWithoutError() {
  exitCodeOf = () => 0;
}

/** Ends what was started, then this process. */
export async function end(code) {
  if (!ending) {
    ending = true;
    const ended = [...running].map((child) => once(child, 'exit'));
    kill('SIGTERM');
    setTimeout(() => kill('SIGKILL'), PATIENCE_MS);
    await Promise.allSettled(ended);
    process.exit(code);
  }
  // Nobody who waits for a command goes on.
  return new Promise(() => undefined);
}

/** Whether this process ends what it has started. */
export function isEnding() {
  return ending;
}

export function fail(message) {
  console.error(message);
  process.exit(1);
}

/** Each with its whole group: Jest has workers, and tests start servers. */
function kill(signal) {
  for (const child of running) {
    try {
      if (process.platform === 'win32') child.kill(signal);
      else process.kill(-child.pid, signal);
    } catch {
      // It has just ended.
    }
  }
}

function watch() {
  if (isWatching) return;
  isWatching = true;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => void end(exitCodeOf(signal)));
  // npm passes SIGTERM to its shell only, and nothing when it is killed. Started by hand, a script outlives its terminal.
  if (process.env.npm_lifecycle_event === undefined) return;
  setInterval(() => readStarter() !== startedBy && void end(exitCodeOf('SIGHUP')), LOOK_EVERY_MS).unref();
}

/** Who has started this process: its parent and, if that is the shell of npm, npm. Another text later: they are gone. */
function readStarter() {
  const shell = /^(?:\S*\/)?(?:sh|dash|ash|bash)\0-c\0/.test(readProcess(process.ppid, 'cmdline'));
  const [, npm] = /\) \S (\d+)/.exec(shell ? readProcess(process.ppid, 'stat') : '') ?? [];
  return [process.ppid, npm].join();
}

/** Linux tells of other processes. Elsewhere the shell of npm becomes this process, so that npm is the parent. */
function readProcess(pid, what) {
  try {
    return readFileSync(`/proc/${pid}/${what}`, 'utf8');
  } catch {
    return '';
  }
}
