// Runs `nest add nestjs-coinflow-auth` in a new project, as a user does, and then the build, the tests and the server.
import { cpSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expectEqual, freePort, waitFor } from './workplace.mjs';

const MODULE = 'nestjs-coinflow-auth';
const ADDED = ['.env.example', 'src/me.controller.spec.ts', 'src/me.controller.ts'];
const EDITED = ['package.json', 'src/app.module.ts'];
const NOT_COMPARED = /^(\.git|node_modules|dist|package-lock\.json|.*\.tsbuildinfo)$/;

/** @param parent the folder with the new project `shop` */
export async function checkNestAdd(workplace, parent, version) {
  const folder = join(parent, 'shop');
  const nestAdd = (...flags) => workplace.run(folder, 'npm', 'exec', '--', 'nest', 'add', MODULE, ...flags);

  console.log(`NestJS ${version}: nest add ${MODULE} ...`);
  await checkDryRun(folder, nestAdd);
  await checkFirstRun(folder, nestAdd);
  const before = filesOf(folder);
  await nestAdd();
  expectEqual(changesOf(before, folder), [], 'changes of a second run');

  console.log(`NestJS ${version}: format, lint, build, tests, start ...`);
  await workplace.run(folder, 'npm', 'exec', '--', 'prettier', '--check', 'src');
  await workplace.run(folder, 'npm', 'run', 'lint');
  await workplace.run(folder, 'npm', 'run', 'build');
  await workplace.run(folder, 'npm', 'test');
  await checkServer(workplace, folder);
}

async function checkDryRun(folder, nestAdd) {
  const before = filesOf(folder);
  const output = await nestAdd('--dry-run');
  // The Nest CLI installs the package also for a dry run.
  const manifest = JSON.parse(filesOf(folder)['package.json']);
  delete manifest.dependencies[MODULE];
  expectEqual(manifest, JSON.parse(before['package.json']), 'package.json after a dry run');
  expectEqual(changesOf(before, folder), ['package.json'], 'changes of a dry run');
  const listed = [...output.matchAll(/(?:CREATE|UPDATE)\S* (\S+) \(/g)].map(([, path]) => path);
  expectEqual(listed.sort(), [...ADDED, ...EDITED].sort(), 'what a dry run lists');
}

async function checkFirstRun(folder, nestAdd) {
  const before = filesOf(folder);
  await nestAdd();
  expectEqual(changesOf(before, folder), [...ADDED, ...EDITED].sort(), 'changes of the first run');
}

/** Starts the built application and the emulator, with the variables of .env.example, and requests the route. */
async function checkServer(workplace, folder) {
  const [coinflowPort, port] = [await freePort(), await freePort()];
  const coinflow = `http://127.0.0.1:${coinflowPort}`;
  cpSync(join(folder, '.env.example'), join(folder, '.env'));
  const variables = readFileSync(join(folder, '.env'), 'utf8').replace('http://127.0.0.1:4010', coinflow);
  writeFileSync(join(folder, '.env'), variables);
  await workplace.run(folder, 'npm', 'run', 'test:e2e');

  const emulator = join('node_modules', 'coinflow-emulator', 'dist', 'esm', 'cli.js');
  const servers = [
    workplace.serve(folder, process.execPath, [emulator, '--port', `${coinflowPort}`]),
    workplace.serve(folder, process.execPath, ['dist/main'], { PORT: `${port}` }),
  ];
  const me = (headers) => request(`http://127.0.0.1:${port}/me`, headers);
  const apiKey = /^COINFLOW_API_KEY=(.*)$/m.exec(variables)?.[1];
  const user = { authorization: apiKey, 'x-coinflow-auth-user-id': 'alice' };
  const { key } = (await request(`${coinflow}/api/auth/session-key`, user)).body;
  const { status, body } = await me({});
  expectEqual([status, body.code], [401, 'COINFLOW_SESSION_KEY_MISSING'], 'GET /me without a key');
  const answer = await me({ 'x-coinflow-auth-session-key': key });
  expectEqual(answer, { status: 200, body: { kind: 'user', userId: 'alice' } }, 'GET /me with a key');
  for (const server of servers) await workplace.stop(server);
}

/** Repeats a request until the server has started. */
function request(url, headers) {
  return waitFor(
    () => `an answer of ${url}`,
    async () => {
      try {
        const response = await fetch(url, { headers });
        return { status: response.status, body: await response.json() };
      } catch {
        return undefined;
      }
    },
  );
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
