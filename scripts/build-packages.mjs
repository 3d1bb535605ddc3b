// Builds the packages as they are published, in dist/packages: ESM and CommonJS with one run of tsc each, so that both have
// types and the .d.ts files have comments.
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { packedManifest, packedReadme } from './packed-documents.mjs';
import { root, run } from './processes.mjs';
import { REPOSITORY } from './repository.mjs';
import { install } from './set-up.mjs';

/** Where the code and the README of each package are in the repository, and its folder after the build. */
export const PACKAGES = [
  { source: 'libs/coinflow-auth', readme: '.', name: 'nestjs-coinflow-auth' },
  { source: 'libs/coinflow-emulator', readme: 'libs/coinflow-emulator', name: 'coinflow-emulator' },
].map((entry) => ({ ...entry, folder: join(root, 'dist', 'packages', entry.name) }));

const FORMATS = ['esm', 'cjs'];

export async function buildPackages() {
  for (const { source, readme, folder } of PACKAGES) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    writeDocuments(source, readme, folder);
    for (const format of FORMATS) {
      const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
      const config = join(root, source, `tsconfig.${format}.json`);
      await run(process.execPath, [tsc, '-p', config, '--outDir', join(folder, 'dist', format)]);
    }
    // The package has "type": "module", but this folder contains CommonJS.
    writeFileSync(join(folder, 'dist', 'cjs', 'package.json'), '{ "type": "commonjs" }\n');
  }
  copySchematics(PACKAGES[0]);
}

function writeDocuments(source, readme, folder) {
  const read = (...path) => readFileSync(join(root, ...path), 'utf8');
  const manifest = packedManifest(JSON.parse(read(source, 'package.json')), source, readme, REPOSITORY);
  const text = packedReadme(read(readme, 'README.md'), readme, REPOSITORY, `v${manifest.version}`);
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  writeFileSync(join(folder, 'README.md'), text);
  copyFileSync(join(root, 'LICENSE'), join(folder, 'LICENSE'));
}

/** The files beside the code of `nest add`. The Nest CLI loads that code with `require`, so the ESM build does not have it. */
function copySchematics({ source, folder }) {
  for (const file of ['collection.json', 'schema.json']) {
    copyFileSync(join(root, source, 'src', 'schematics', file), join(folder, 'dist', 'cjs', 'schematics', file));
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await install();
  await buildPackages();
}
