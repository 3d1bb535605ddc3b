import type { ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Systems take the ports of `listen(0)` and of outgoing connections from 32768 (Linux) or 49152 (macOS). No other program
 * gets a port below by chance while a server of the tests starts or is down.
 */
const [FIRST, LAST] = [10_000, 32_767];
const given = new Set<number>();

/** A port for a server that cannot listen on 0 and tell its port, such as Redis. This process gets each port once. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(FIRST, LAST + 1);
    if (given.has(port)) continue;
    given.add(port);
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const holder = createServer();
    holder.once('error', () => resolve(false));
    holder.listen(port, '127.0.0.1', () => holder.close(() => resolve(true)));
  });
}

/** Ends a process, unless it has ended, and waits until it has. */
export async function endProcess(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  await new Promise((resolve) => child.once('exit', resolve) && child.kill(signal));
}
