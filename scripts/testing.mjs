// What `npm test` and `npm run test:full` have in common.
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { findPostgres } from './find-postgres.mjs';
import { end, root, run, start } from './processes.mjs';

/** Programs that no npm package has, and the tests that need them. The names of the Debian packages are the same. */
const TOOLS = {
  python3: 'the test of the Python in the README of the emulator',
  chromium: 'the tests of the page in a browser',
  'redis-server': 'the tests of the stores in Redis',
  postgresql: 'the tests of the ledger in PostgreSQL',
};

/** Installs what is missing, as root on Debian. Elsewhere says which tests are skipped; with `CI=true` they fail instead. */
export function installTools() {
  for (const [tool, tests] of Object.entries(TOOLS)) {
    if (isInstalled(tool)) continue;
    // A service of that name must not be started by it.
    const env = { ...process.env, RUNLEVEL: '1', DEBIAN_FRONTEND: 'noninteractive' };
    const apt = (...args) => spawnSync('apt-get', args, { stdio: 'ignore', env });
    if (process.getuid?.() === 0 && apt('install', '-y', '-q', tool).status !== 0) {
      apt('update', '-q');
      apt('install', '-y', '-q', tool);
    }
    if (!isInstalled(tool)) console.log(`Skipped: ${tests}, since there is no ${tool}.`);
  }
}

function isInstalled(program) {
  if (program === 'postgresql') return findPostgres() !== undefined;
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Types, lint and formatting, two at a time. Ends the process when one of them finds something. */
export async function checkCode() {
  // A fresh clone has no cache. ESLint's knows a file by its content, so after a change of types elsewhere only a run
  // without the cache sees everything: CI's.
  const cached = process.env.CI === 'true' ? [] : ['--cache', '--cache-strategy', 'content'];
  console.log('Types, lint, formatting ...');
  const results = await Promise.all([
    inOrder(
      ['typescript/bin/tsc', '--noEmit'],
      ['typescript/bin/tsc', '--noEmit', '-p', 'apps/sample/page/web'],
      ['prettier/bin/prettier.cjs', '--check', '--log-level=warn', ...cached, '.'],
    ),
    inOrder(['eslint/bin/eslint.js', ...cached, '--cache-location', `${root}/node_modules/.cache/eslint`, '.']),
  ]);
  if (results.includes(false)) await end(1);
}

async function inOrder(...commands) {
  for (const [script, ...args] of commands) {
    const child = start(process.execPath, [`${root}/node_modules/${script}`, ...args], { stdio: 'inherit' });
    const [code] = await once(child, 'exit');
    if (code !== 0) return false;
  }
  return true;
}

/** Runs Jest to its end; ends this process with it when a test fails. */
export async function jest(...args) {
  // Only `npm run test:contract -- --real` asks the real Coinflow, whatever the environment says.
  delete process.env.COINFLOW_CONTRACT_REAL;
  await run(process.execPath, [
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    `${root}/node_modules/jest/bin/jest.js`,
    ...args,
  ]);
}
