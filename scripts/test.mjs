// `npm test`: sets up what is missing, then types, lint, the packages as users have them, unit and end-to-end tests with
// coverage.
// `npm test -- some-file` runs those test files only.
import { build, install, root, run } from './set-up.mjs';

const onlyThese = process.argv.slice(2);
const node = (script, ...args) => run(process.execPath, [`${root}/node_modules/${script}`, ...args]);

install();
build();
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
