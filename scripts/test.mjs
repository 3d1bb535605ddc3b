// `npm test`: installs and builds if necessary, checks types and lint, then runs unit and end-to-end tests with coverage.
// `npm test -- some-file` runs only the test files whose path contains the word.
// Longer tests are in `npm run test:full`.
import { build, install } from './set-up.mjs';
import { checkCode, installTools, jest } from './testing.mjs';

const onlyThese = process.argv.slice(2);

await install();
await build();
installTools();
if (onlyThese.length > 0) {
  await jest(...onlyThese, '--selectProjects', 'libraries', 'rest');
} else {
  await checkCode();
  await jest('--selectProjects', 'libraries', '--coverage');
  await jest('--selectProjects', 'rest');
}
