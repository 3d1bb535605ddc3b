// A temporary folder with new projects of `nest new`. npm installs the packages of this clone there by their names, and
// everything else from the registry.
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { PACKAGES } from '../build-packages.mjs';
import { startRegistry } from '../local-registry.mjs';
import { start } from '../processes.mjs';

const START_LIMIT_MS = 60_000;
const POLL_MS = 100;
const KILL_AFTER_MS = 5_000;

export class TestFailure extends Error {}

/** The environment of a user: without the variables of npm and the flags of the test runner. */
const userEnv = {
  ...Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(npm_|COINFLOW_|NODE_OPTIONS$|PORT$)/i.test(name)),
  ),
  npm_config_yes: 'true',
  npm_config_audit: 'false',
  npm_config_fund: 'false',
  NO_COLOR: '1',
  CI: 'true',
};

export class Workplace {
  #folder = mkdtempSync(join(tmpdir(), 'coinflow-new-projects-'));
  #servers = new Set();
  #registry;

  static async open() {
    const workplace = new Workplace();
    workplace.#registry = await startRegistry(PACKAGES.map(({ folder }) => workplace.#pack(folder)));
    return workplace;
  }

  #pack(folder) {
    const command = ['pack', '--json', '--pack-destination', this.#folder];
    const { stdout } = spawnSync('npm', command, {
      cwd: folder,
      encoding: 'utf8',
      shell: process.platform === 'win32',
    });
    return { folder, tarball: join(this.#folder, JSON.parse(stdout)[0].filename) };
  }

  /** Makes a new project. @returns its parent folder: the project is in `shop` */
  async createProject(version) {
    const parent = mkdtempSync(join(this.#folder, `nest-${version}-`));
    await this.run(parent, 'npx', ...newProject(version).split(' ').slice(1));
    writeFileSync(join(parent, 'shop', '.npmrc'), `registry=${this.#registry.url}\n`);
    return parent;
  }

  /** Copies a project with what is installed in it. */
  copy(parent) {
    const copy = mkdtempSync(join(this.#folder, 'copy-'));
    cpSync(parent, copy, { recursive: true, verbatimSymlinks: true });
    return copy;
  }

  /** Runs a command without blocking the registry. @returns its output */
  async run(cwd, command, ...args) {
    const child = this.#spawn(cwd, command, args);
    const [code] = await once(child.process, 'close');
    if (code !== 0) throw new TestFailure(`${child.output}\n${command} ${args.join(' ')} ended with code ${code}`);
    return child.output;
  }

  /** Starts a command that ends with `stop()`, or with the workplace. */
  serve(cwd, command, args, env = {}) {
    const server = this.#spawn(cwd, command, args, env);
    this.#servers.add(server.process);
    return server;
  }

  #spawn(cwd, command, args, env = {}) {
    const stdio = ['pipe', 'pipe', 'pipe'];
    const shell = process.platform === 'win32';
    const child = { process: start(command, args, { cwd, env: { ...userEnv, ...env }, stdio, shell }), output: '' };
    for (const stream of [child.process.stdout, child.process.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => (child.output += text));
    }
    return child;
  }

  /** Ends a server with the processes that it has started: they hold its output open. */
  async stop({ process: child }) {
    this.#servers.delete(child);
    if (child.stdout.closed) return;
    const closed = once(child, 'close');
    kill(child, 'SIGTERM');
    const timer = setTimeout(() => kill(child, 'SIGKILL'), KILL_AFTER_MS);
    await closed;
    clearTimeout(timer);
  }

  async close() {
    for (const process of this.#servers) await this.stop({ process });
    this.#registry.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** The command that makes a new project. */
export function newProject(version) {
  return `npx @nestjs/cli@${version} new shop --package-manager npm`;
}

/** Kills the process group of a command. */
function kill(child, signal) {
  try {
    if (process.platform === 'win32') child.kill(signal);
    else process.kill(-child.pid, signal);
  } catch {
    // It has ended in the meantime.
  }
}

export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}

/** Waits until a function returns a value. */
export async function waitFor(what, find) {
  const limit = Date.now() + START_LIMIT_MS;
  for (;;) {
    const found = await find();
    if (found !== undefined) return found;
    if (Date.now() > limit) throw new TestFailure(`Waited ${START_LIMIT_MS / 1_000} s in vain for ${what()}`);
    await delay(POLL_MS);
  }
}

export function expectEqual(actual, expected, what) {
  if (isDeepStrictEqual(actual, expected)) return;
  throw new TestFailure(`${what}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`);
}
