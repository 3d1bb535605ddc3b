// Builds what is published of each package: ESM and CommonJS by two plain runs of tsc, so that both have types, and
// comments reach the .d.ts.
import { copyFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root, run } from './processes.mjs';
import { install } from './set-up.mjs';

/** Folders of `libs`; the first is what the project's README is about. */
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
    // The package is "type": "module"; below this folder it is not.
    writeFileSync(join(folder, 'dist', 'cjs', 'package.json'), '{ "type": "commonjs" }\n');
    copyFileSync(join(root, 'LICENSE'), join(folder, 'LICENSE'));
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await install();
  await buildPackages();
}
