// Builds the published files of each package: ESM and CommonJS with one run of tsc each, so that both have types and the
// .d.ts files have comments.
import { copyFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root, run } from './processes.mjs';
import { install } from './set-up.mjs';

/** Folders of `libs`. The README of the project is the README of the first package. */
export const PACKAGES = ['coinflow-auth', 'coinflow-emulator'];

const FORMATS = ['esm', 'cjs'];

export async function buildPackages() {
  copyFileSync(join(root, 'README.md'), join(root, 'libs', PACKAGES[0], 'README.md'));
  for (const name of PACKAGES) {
    const folder = join(root, 'libs', name);
    rmSync(join(folder, 'dist'), { recursive: true, force: true });
    for (const format of FORMATS) {
      const outDir = join(folder, 'dist', format);
      const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
      await run(process.execPath, [tsc, '-p', join(folder, `tsconfig.${format}.json`), '--outDir', outDir]);
    }
    // The package has "type": "module", but this folder contains CommonJS.
    writeFileSync(join(folder, 'dist', 'cjs', 'package.json'), '{ "type": "commonjs" }\n');
    copyFileSync(join(root, 'LICENSE'), join(folder, 'LICENSE'));
  }
  copySchematics(join(root, 'libs', PACKAGES[0]));
}

/** The files beside the code of `nest add`. The Nest CLI loads that code with `require`, so the ESM build does not have it. */
function copySchematics(folder) {
  for (const file of ['collection.json', 'schema.json']) {
    copyFileSync(join(folder, 'src', 'schematics', file), join(folder, 'dist', 'cjs', 'schematics', file));
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await install();
  await buildPackages();
}
