// `npm test`: sets up what is missing, then types, lint, the packages as users have them, unit and end-to-end tests with
// coverage.
// `npm test -- some-file` runs those test files only.
import { spawnSync } from 'node:child_process';
import { build, install, root, run } from './set-up.mjs';

const onlyThese = process.argv.slice(2);
const node = (script, ...args) => run(process.execPath, [`${root}/node_modules/${script}`, ...args]);

// Only `npm run test:contract -- --real` asks the real Coinflow, whatever the environment says.
delete process.env.COINFLOW_CONTRACT_REAL;

install();
build();
installTool('python3', 'python3', 'the test of the Python in the README of the emulator');
installTool('chromium', 'chromium', 'the test of the page in a browser');
installTool('redis-server', 'redis-server', 'the tests of the stores in Redis');
if (onlyThese.length === 0) {
  console.log('Types ...');
  node('typescript/bin/tsc', '--noEmit');
  node('typescript/bin/tsc', '--noEmit', '-p', 'apps/sample/web');
  console.log('Lint ...');
  node('eslint/bin/eslint.js', '.');
  node('prettier/bin/prettier.cjs', '--check', '--log-level=warn', '.');
  run(process.execPath, [`${root}/scripts/test-package.mjs`, '--fast']);
}
run(process.execPath, [
  '--experimental-vm-modules',
  '--disable-warning=ExperimentalWarning',
  `${root}/node_modules/jest/bin/jest.js`,
  ...(onlyThese.length === 0 ? ['--coverage'] : onlyThese),
]);

/** Some tests want a real one, which no package of npm has. A CI runs them in any case, and fails without it. */
function installTool(command, debianPackage, forWhat) {
  const isThere = () => spawnSync(command, ['--version']).status === 0;
  if (isThere()) return;
  // A service of that name must not be started by it.
  const env = { ...process.env, RUNLEVEL: '1', DEBIAN_FRONTEND: 'noninteractive' };
  if (process.getuid?.() === 0) spawnSync('apt-get', ['install', '-y', '-q', debianPackage], { stdio: 'ignore', env });
  if (!isThere()) console.log(`Skipped: ${forWhat}, since there is no ${command}.`);
}
