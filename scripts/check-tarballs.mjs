// Checks the files of a packed package, the links of its README, and that every way to import it finds code and types.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { relativeLinks } from './packed-documents.mjs';
import { fail, root } from './processes.mjs';

/**
 * @param folder the folder of the package
 * @param tarball the path of the tarball
 * @param files the paths in the tarball
 */
export async function checkTarball(folder, tarball, files) {
  const { name } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const content = createPackageFromTarballData(new Uint8Array(readFileSync(tarball)));
  const problems = [
    ...contents(name, files),
    ...links(content),
    ...(await importability(content)),
    ...(await lint(tarball)),
  ];
  if (problems.length > 0) fail(`${name}:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
}

/** Compares the files with the list: finds tests or secrets that were packed by mistake, and missing files. */
function contents(name, files) {
  const expected = readFileSync(join(root, 'test', 'package', `${name}.files.txt`), 'utf8')
    .trim()
    .split('\n');
  const unexpected = files.filter((file) => !expected.includes(file)).map((file) => `${file} is packed but not listed`);
  const missing = expected.filter((file) => !files.includes(file)).map((file) => `${file} is listed but not packed`);
  return [...unexpected, ...missing];
}

/** A relative link is broken on the page of the package. */
function links(content) {
  const readme = content.readFile(`/node_modules/${content.packageName}/README.md`);
  return relativeLinks(readme).map((target) => `README.md has a relative link: ${target}`);
}

async function importability(content) {
  const analysis = await checkPackage(content);
  if (!analysis.types) return ['there are no types'];
  return analysis.problems.map((problem) => `attw: ${JSON.stringify(problem)}`);
}

async function lint(tarball) {
  const bytes = readFileSync(tarball);
  const { messages, pkg } = await publint({
    strict: true,
    pack: { tarball: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) },
  });
  return messages.map((message) => `publint: ${formatMessage(message, pkg)}`);
}
