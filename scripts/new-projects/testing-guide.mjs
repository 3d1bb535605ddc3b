// Adds the files of docs/guides/testing.md to a project that has followed docs/getting-started.md, and runs all tests.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from '../processes.mjs';
import { filesOf, importsFor } from './walkthrough.mjs';

const PAGE = join(root, 'docs', 'guides', 'testing.md');

/** @param parent the folder with the project `shop` */
export async function checkTestingGuide(workplace, parent, version) {
  console.log(`NestJS ${version}: docs/guides/testing.md ...`);
  const project = join(parent, 'shop');
  for (const { path, text } of filesOf(readFileSync(PAGE, 'utf8'))) {
    mkdirSync(dirname(join(project, path)), { recursive: true });
    writeFileSync(join(project, path), importsFor(version, text));
  }
  await workplace.run(project, 'npm', 'test');
  await workplace.run(project, 'npm', 'run', 'test:e2e');
}
