// Runs `nest add nestjs-coinflow-auth` in new projects of `nest new`, as a user does, and then their build, tests and server.
//   npm run test:schematics               NestJS 11 (CommonJS, Jest) and NestJS 12 (ESM, Vitest)
//   npm run test:schematics -- 12         one version
//   npm run test:schematics -- --packed   with the packages as they were built last
// Needs the npm registry. Only the two packages come from this clone.
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { PACKAGES, buildPackages } from './build-packages.mjs';
import { startRegistry } from './local-registry.mjs';
import { end, root, start } from './processes.mjs';
import { install } from './set-up.mjs';

const MODULE = 'nestjs-coinflow-auth';
const ADDED = ['.env.example', 'src/me.controller.spec.ts', 'src/me.controller.ts'];
const EDITED = ['package.json', 'src/app.module.ts'];
const NOT_COMPARED = /^(node_modules|dist|package-lock\.json|.*\.tsbuildinfo)$/;
const START_LIMIT_MS = 30_000;
const args = process.argv.slice(2);
const versions = [11, 12].filter((version) => args.every((arg) => arg.startsWith('--') || Number(arg) === version));

class TestFailure extends Error {}

await install();
if (!args.includes('--packed')) await buildPackages();
const workplace = mkdtempSync(join(tmpdir(), 'coinflow-schematics-'));
const registry = await startRegistry(PACKAGES.map((name) => pack(join(root, 'libs', name))));
// Without the variables of npm and the flags of the test runner.
const env = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(npm_|COINFLOW_|NODE_OPTIONS$)/i.test(name)),
);
Object.assign(env, { npm_config_yes: 'true', npm_config_audit: 'false', npm_config_fund: 'false', CI: 'true' });
let exitCode = 0;
try {
  for (const version of versions) await check(version);
} catch (error) {
  if (!(error instanceof TestFailure)) throw error;
  console.error(`${error.message}\nSchematics test failed.`);
  exitCode = 1;
} finally {
  registry.stop();
  rmSync(workplace, { recursive: true, force: true });
}
await end(exitCode);

function pack(folder) {
  const command = ['pack', '--json', '--pack-destination', workplace];
  const { stdout } = spawnSync('npm', command, { cwd: folder, encoding: 'utf8', shell: process.platform === 'win32' });
  return { folder, tarball: join(workplace, JSON.parse(stdout)[0].filename) };
}

async function check(version) {
  console.log(`NestJS ${version}: nest new ...`);
  const parent = mkdtempSync(join(workplace, `nest-${version}-`));
  const create = ['nest', 'new', 'shop', '--skip-git', '--skip-install', '--package-manager', 'npm'];
  await run(parent, 'npm', 'exec', '--package', `@nestjs/cli@${version}`, '--', ...create);
  const folder = join(parent, 'shop');
  await run(folder, 'npm', 'install', '--loglevel=error');
  writeFileSync(join(folder, '.npmrc'), `registry=${registry.url}\n`);

  console.log(`NestJS ${version}: nest add ${MODULE} ...`);
  await checkDryRun(folder);
  await checkFirstRun(folder);
  const before = filesOf(folder);
  await nestAdd(folder);
  expectEqual(changesOf(before, folder), [], 'changes of a second run');

  console.log(`NestJS ${version}: format, lint, build, tests, start ...`);
  await run(folder, 'npm', 'exec', '--', 'prettier', '--check', 'src');
  await run(folder, 'npm', 'run', 'lint');
  await run(folder, 'npm', 'run', 'build');
  await run(folder, 'npm', 'test');
  await checkServer(folder);
}

async function checkDryRun(folder) {
  const before = filesOf(folder);
  const output = await nestAdd(folder, '--dry-run');
  // The Nest CLI installs the package also for a dry run.
  const manifest = JSON.parse(filesOf(folder)['package.json']);
  delete manifest.dependencies[MODULE];
  expectEqual(manifest, JSON.parse(before['package.json']), 'package.json after a dry run');
  expectEqual(changesOf(before, folder), ['package.json'], 'changes of a dry run');
  const listed = [...output.matchAll(/(?:CREATE|UPDATE)\S* (\S+) \(/g)].map(([, path]) => path);
  expectEqual(listed.sort(), [...ADDED, ...EDITED].sort(), 'what a dry run lists');
}

async function checkFirstRun(folder) {
  const before = filesOf(folder);
  await nestAdd(folder);
  expectEqual(changesOf(before, folder), [...ADDED, ...EDITED].sort(), 'changes of the first run');
}

function nestAdd(folder, ...flags) {
  return run(folder, 'npm', 'exec', '--', 'nest', 'add', MODULE, ...flags);
}

/** Starts the built application and the emulator, with the variables of .env.example, and requests the route. */
async function checkServer(folder) {
  const [coinflowPort, port] = [await freePort(), await freePort()];
  const coinflow = `http://127.0.0.1:${coinflowPort}`;
  cpSync(join(folder, '.env.example'), join(folder, '.env'));
  const variables = readFileSync(join(folder, '.env'), 'utf8').replace('http://127.0.0.1:4010', coinflow);
  writeFileSync(join(folder, '.env'), variables);
  await run(folder, 'npm', 'run', 'test:e2e');

  const emulator = join('node_modules', 'coinflow-emulator', 'dist', 'esm', 'cli.js');
  const servers = [
    start(process.execPath, [emulator, '--port', `${coinflowPort}`], { cwd: folder, env, stdio: 'ignore' }),
    start(process.execPath, ['dist/main'], { cwd: folder, env: { ...env, PORT: `${port}` }, stdio: 'ignore' }),
  ];
  const me = (headers) => request(`http://127.0.0.1:${port}/me`, headers);
  const apiKey = /^COINFLOW_API_KEY=(.*)$/m.exec(variables)?.[1];
  const user = { authorization: apiKey, 'x-coinflow-auth-user-id': 'alice' };
  const { key } = (await request(`${coinflow}/api/auth/session-key`, user)).body;
  const { status, body } = await me({});
  expectEqual([status, body.code], [401, 'COINFLOW_SESSION_KEY_MISSING'], 'GET /me without a key');
  const answer = await me({ 'x-coinflow-auth-session-key': key });
  expectEqual(answer, { status: 200, body: { kind: 'user', userId: 'alice' } }, 'GET /me with a key');
  for (const server of servers) server.kill();
}

/** Repeats a request until the server has started. */
async function request(url, headers) {
  const limit = Date.now() + START_LIMIT_MS;
  for (;;) {
    try {
      const response = await fetch(url, { headers });
      return { status: response.status, body: await response.json() };
    } catch (error) {
      if (Date.now() > limit) throw new TestFailure(`${url} does not answer: ${error.message}`);
      await delay(100);
    }
  }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}

/** Runs a command without blocking the registry. @returns its output */
async function run(cwd, command, ...rest) {
  const stdio = ['ignore', 'pipe', 'pipe'];
  const child = start(command, rest, { cwd, env, stdio, shell: process.platform === 'win32' });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new TestFailure(`${output}\n${command} ${rest.join(' ')} ended with code ${code}`);
  return output;
}

/** The texts of the files of a project. */
function filesOf(folder) {
  const below = (path) =>
    readdirSync(path, { withFileTypes: true }).flatMap((entry) => {
      if (NOT_COMPARED.test(entry.name)) return [];
      const file = join(path, entry.name);
      return entry.isDirectory() ? below(file) : [[relative(folder, file), readFileSync(file, 'utf8')]];
    });
  return Object.fromEntries(below(folder));
}

function changesOf(before, folder) {
  const after = filesOf(folder);
  const paths = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...paths].filter((path) => before[path] !== after[path]).sort();
}

function expectEqual(actual, expected, what) {
  if (isDeepStrictEqual(actual, expected)) return;
  throw new TestFailure(`${what}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`);
}
