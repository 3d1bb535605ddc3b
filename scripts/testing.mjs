// Shared by `npm test` and `npm run test:full`.
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { findPostgres } from './find-postgres.mjs';
import { end, root, run, start } from './processes.mjs';

/** Programs outside npm and the tests that need them. The Debian packages have the same names. */
const TOOLS = {
  python3: 'the test of the Python in the docs of the emulator',
  chromium: 'the tests of the page in a browser',
  'redis-server': 'the tests of the stores in Redis',
  postgresql: 'the tests of the ledger in PostgreSQL',
};

/** Installs missing programs as root on Debian. Otherwise prints which tests are skipped; with `CI=true` they fail instead. */
export function installTools() {
  for (const [tool, tests] of Object.entries(TOOLS)) {
    if (isInstalled(tool)) continue;
    // The installation must not start a service.
    const env = { ...process.env, RUNLEVEL: '1', DEBIAN_FRONTEND: 'noninteractive' };
    const apt = (...args) => spawnSync('apt-get', args, { stdio: 'ignore', env });
    if (process.getuid?.() === 0 && apt('install', '-y', '-q', tool).status !== 0) {
      apt('update', '-q');
      apt('install', '-y', '-q', tool);
    }
    if (!isInstalled(tool)) console.log(`Skipping ${tests}: ${tool} is not installed.`);
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

/** Checks types, lint and formatting, two at a time. Ends the process if a check fails. */
export async function checkCode() {
  // The cache of ESLint compares the content of a file and misses the effect of changed types elsewhere, so CI runs
  // without it.
  const cached = process.env.CI === 'true' ? [] : ['--cache', '--cache-strategy', 'content'];
  console.log('Checking types, lint and formatting ...');
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

/** Runs Jest to its end. Ends this process if a test fails. */
export async function jest(...args) {
  // Only `npm run test:contract -- --real` may call the real Coinflow.
  delete process.env.COINFLOW_CONTRACT_REAL;
  await run(process.execPath, [
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    `${root}/node_modules/jest/bin/jest.js`,
    ...args,
  ]);
}
