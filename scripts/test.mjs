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
installPython();
if (onlyThese.length === 0) {
  console.log('Types ...');
  node('typescript/bin/tsc', '--noEmit');
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

/** One test runs the Python of the emulator's README. */
function installPython() {
  const isThere = () => spawnSync('python3', ['--version']).status === 0;
  if (isThere()) return;
  if (process.getuid?.() === 0) spawnSync('apt-get', ['install', '-y', '-q', 'python3'], { stdio: 'ignore' });
  if (!isThere())
    console.log('Skipped: the test of the Python in the README of the emulator, since there is no python3.');
}
