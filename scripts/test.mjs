// `npm test`: sets up what is missing, then types, lint, the packages as users have them, unit and end-to-end tests with
// coverage.
// `npm test -- some-file` runs those test files only.
import { spawn, spawnSync } from 'node:child_process';
import { build, fail, install, root, run } from './set-up.mjs';

const onlyThese = process.argv.slice(2);

// Only `npm run test:contract -- --real` asks the real Coinflow, whatever the environment says.
delete process.env.COINFLOW_CONTRACT_REAL;

install();
build();
installTool('python3', 'python3', 'the test of the Python in the README of the emulator');
installTool('chromium', 'chromium', 'the test of the page in a browser');
installTool('redis-server', 'redis-server', 'the tests of the stores in Redis');
if (onlyThese.length === 0) {
  // The packages wait for npm most of the time.
  await together(
    ['Types', 'node_modules/typescript/bin/tsc', '--noEmit'],
    ['Types of the page', 'node_modules/typescript/bin/tsc', '--noEmit', '-p', 'apps/sample/web'],
    ['Lint', 'node_modules/eslint/bin/eslint.js', '.'],
    ['Format', 'node_modules/prettier/bin/prettier.cjs', '--check', '--log-level=warn', '.'],
    ['Packages', 'scripts/test-package.mjs', '--fast'],
  );
}
run(process.execPath, [
  '--experimental-vm-modules',
  '--disable-warning=ExperimentalWarning',
  `${root}/node_modules/jest/bin/jest.js`,
  ...(onlyThese.length === 0 ? ['--coverage'] : onlyThese),
]);

/** Beside each other. What a check prints is shown when it has ended; the first that fails ends them all. */
async function together(...checks) {
  const children = [];
  const check = async ([name, ...args]) => {
    console.log(`${name} ...`);
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    children.push(child);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => (output += part));
    const code = await new Promise((resolve) => child.once('close', resolve));
    process.stdout.write(output);
    if (code === 0) return;
    for (const other of children) other.kill();
    fail(`${name}: failed.`);
  };
  await Promise.all(checks.map(check));
}

/** Some tests want a real one, which no package of npm has. A CI runs them in any case, and fails without it. */
function installTool(command, debianPackage, forWhat) {
  const isThere = () => spawnSync(command, ['--version']).status === 0;
  if (isThere()) return;
  // A service of that name must not be started by it.
  const env = { ...process.env, RUNLEVEL: '1', DEBIAN_FRONTEND: 'noninteractive' };
  if (process.getuid?.() === 0) spawnSync('apt-get', ['install', '-y', '-q', debianPackage], { stdio: 'ignore', env });
  if (!isThere()) console.log(`Skipped: ${forWhat}, since there is no ${command}.`);
}
