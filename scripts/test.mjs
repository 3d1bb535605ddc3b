// `npm test`: sets up what is missing, then types and lint, then unit and end-to-end tests with coverage.
// `npm test -- some-file` runs only the test files whose path contains the word.
// What takes longer is in `npm run test:full`.
import { build, install } from './set-up.mjs';
import { checkCode, installTools, jest } from './testing.mjs';

const onlyThese = process.argv.slice(2);

install();
build();
installTools();
if (onlyThese.length > 0) {
  jest(...onlyThese, '--selectProjects', 'libraries', 'rest');
} else {
  await checkCode();
  jest('--selectProjects', 'libraries', '--coverage');
  jest('--selectProjects', 'rest');
}
