import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { chownSync, mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { describe } from '@jest/globals';
import { findPostgres } from '../../scripts/find-postgres.mjs';
import { endProcess, freePort } from './server-process.js';

const programs = findPostgres();

/** `npm test` installs PostgreSQL where it can; where it cannot, it reports the skipped tests, and with `CI=true` they fail. */
export function describeWithPostgres(name: string, suite: () => void): void {
  (programs || process.env.CI === 'true' ? describe : describe.skip)(name, suite);
}

/** A PostgreSQL server of a test, in a temporary folder. */
export class PostgresServer {
  readonly url: string;
  #process: ChildProcess | undefined;

  private constructor(
    private readonly folder: string,
    private readonly port: number,
  ) {
    this.url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  }

  static async start(): Promise<PostgresServer> {
    const folder = mkdtempSync(join(tmpdir(), 'postgres-'));
    const user = unprivilegedUser();
    if (user) chownSync(folder, user.uid, user.gid);
    const server = new PostgresServer(folder, await freePort());
    try {
      const options = ['--pgdata', folder, '--username', 'postgres', '--auth', 'trust', '--no-sync', '--locale', 'C'];
      await promisify(execFile)(program('initdb'), [...options, '--encoding', 'UTF8'], { ...user, cwd: folder });
      await server.start();
    } catch (error) {
      await server.remove();
      throw error;
    }
    return server;
  }

  /** Starts the server, or restarts it on the same port with its data. */
  async start(): Promise<void> {
    const settings = { listen_addresses: '127.0.0.1', port: this.port, unix_socket_directories: '', fsync: 'off' };
    const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const child = spawn(program('postgres'), ['-D', this.folder, ...args], {
      ...unprivilegedUser(),
      cwd: this.folder,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#process = child;
    let log = '';
    await new Promise<void>((resolve, reject) => {
      child.once('error', reject).once('exit', () => reject(new Error(`PostgreSQL has exited:\n${log}`)));
      createInterface({ input: child.stderr }).on('line', (line) => {
        log += `${line}\n`;
        if (line.includes('ready to accept connections')) resolve();
      });
    });
  }

  /** Stops the server at once: open transactions are lost and connections close. */
  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    // After SIGKILL its child processes would run for a while.
    if (child) await endProcess(child, 'SIGQUIT');
  }

  async remove(): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }
}

function program(name: string): string {
  if (!programs) throw new Error('PostgreSQL is not installed: apt-get install postgresql');
  return join(programs, name);
}

/** PostgreSQL refuses to run as root. */
function unprivilegedUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (option: string): number => Number(execFileSync('id', [option, 'nobody'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}
