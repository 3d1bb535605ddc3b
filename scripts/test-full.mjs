// `npm run test:full`: the tests that take too long for `npm test`.
//   npm run test:full               all: replicas under load, the whole page, long models and floods, package projects, new projects
//                                   and the site of the documentation
//   npm run test:full -- some-file  only the long test files whose path contains the word
import { buildTestSite } from './build-site.mjs';
import { root, run } from './processes.mjs';
import { build, install } from './set-up.mjs';
import { installTools, jest } from './testing.mjs';

const onlyThese = process.argv.slice(2);

await install();
await build();
installTools();
if (onlyThese.length === 0 || onlyThese.some((word) => 'test/project/site.full.spec.ts'.includes(word))) {
  await buildTestSite();
}
process.env.TEST_FULL = 'true';
await jest(...onlyThese, '--selectProjects', 'long');
if (onlyThese.length === 0) {
  console.log('Suites with larger inputs ...');
  await jest('--selectProjects', 'libraries', 'rest', '--findRelatedTests', `${root}/test/harness/amount.ts`);
  await run(process.execPath, [`${root}/scripts/test-package.mjs`]);
  // With the packages that the line before has built.
  await run(process.execPath, [`${root}/scripts/test-new-projects.mjs`, '--packed']);
}
