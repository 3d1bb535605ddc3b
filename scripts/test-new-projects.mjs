// Makes new projects of `nest new`: NestJS 11 (CommonJS, Jest) and NestJS 12 (ESM, Vitest). In one copy of each it follows
// docs/getting-started.md and runs the tests of docs/guides/testing.md, in another it runs `nest add nestjs-coinflow-auth`.
//   npm run test:getting-started         the two pages
//   npm run test:schematics -- 12        nest add, with one version
//   npm run test:schematics -- --packed  with the packages as they were built last
// Needs the npm registry. Only the two packages come from this clone.
import { buildPackages } from './build-packages.mjs';
import { checkGettingStarted } from './new-projects/getting-started.mjs';
import { checkNestAdd } from './new-projects/nest-add.mjs';
import { checkTestingGuide } from './new-projects/testing-guide.mjs';
import { TestFailure, Workplace } from './new-projects/workplace.mjs';
import { end } from './processes.mjs';
import { install } from './set-up.mjs';

const CHECKS = { 'getting-started': checkGuides, 'nest-add': checkNestAdd };
const args = process.argv.slice(2);
/** Those that the arguments name, or all. */
const chosen = (names) =>
  names.some((name) => args.includes(name)) ? names.filter((name) => args.includes(name)) : names;

/** The guide to testing continues in the project of the first page. */
async function checkGuides(workplace, parent, version) {
  await checkGettingStarted(workplace, parent, version);
  await checkTestingGuide(workplace, parent, version);
}

await install();
if (!args.includes('--packed')) await buildPackages();
const workplace = await Workplace.open();
let exitCode = 0;
try {
  for (const version of chosen(['11', '12']).map(Number)) {
    console.log(`NestJS ${version}: nest new ...`);
    const project = await workplace.createProject(version);
    for (const check of chosen(Object.keys(CHECKS))) await CHECKS[check](workplace, workplace.copy(project), version);
  }
} catch (error) {
  if (!(error instanceof TestFailure)) throw error;
  console.error(`${error.message}\nThe test of new projects failed.`);
  exitCode = 1;
} finally {
  await workplace.close();
}
await end(exitCode);
