import { existsSync, readFileSync, readdirSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const PACKAGE_NAME = 'nestjs-coinflow-auth';

/** The parts of a `package.json` that the doctor reads. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly engines?: { readonly node?: string };
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

/** An installed package. */
export interface InstalledPackage {
  readonly folder: string;
  readonly manifest: Manifest;
}

/** The `package.json` of the copy of the package that runs. */
export function ownManifest(): Manifest {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    for (const file of [join(folder, 'package.json'), join(folder, 'libs/coinflow-auth/package.json')]) {
      const manifest = existsSync(file) ? readManifest(file) : undefined;
      if (manifest?.name === PACKAGE_NAME) return manifest;
    }
    if (folder === dirname(folder)) throw new Error(`The package.json of ${PACKAGE_NAME} is missing`);
  }
}

/** @returns the copies of a package that Node.js can find from a folder, the one that it uses first */
export function findPackages(name: string, cwd: string): InstalledPackage[] {
  const folders = createRequire(join(cwd, 'package.json')).resolve.paths(name) ?? [];
  return distinct(folders.map((folder) => join(folder, name)));
}

/** @returns the copies of a package inside other packages of a folder */
export function findNestedPackages(name: string, cwd: string): InstalledPackage[] {
  const modules = join(cwd, 'node_modules');
  const names = namesIn(modules).flatMap((one) =>
    one.startsWith('@') ? namesIn(join(modules, one)).map((scoped) => join(one, scoped)) : [one],
  );
  return distinct(names.map((one) => join(modules, one, 'node_modules', name)));
}

function namesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

function distinct(folders: readonly string[]): InstalledPackage[] {
  const real = folders.filter((folder) => existsSync(join(folder, 'package.json'))).map((one) => realpathSync(one));
  return [...new Set(real)].map((folder) => ({ folder, manifest: readManifest(join(folder, 'package.json')) }));
}

function readManifest(file: string): Manifest {
  return JSON.parse(readFileSync(file, 'utf8')) as Manifest;
}

/** The first number of a version. */
export function majorOf(version: string): number {
  return Number.parseInt(version, 10);
}

/**
 * Whether a version is in a range of this package: `^1.2.3`, `>=1.2.3`, or several of them with `||`. A prerelease comes before
 * its release, so `12.0.0-next.1` is not in `^12.0.0`.
 */
export function isInRange(version: string, range: string): boolean {
  return range.split('||').some((part) => {
    const [, operator, minimum = ''] = /^\s*(\^|>=)\s*([\d.]+)\s*$/.exec(part) ?? [];
    const [least, actual] = [numbersOf(minimum), numbersOf(version)];
    if (operator === undefined || compare(actual, least) < 0) return false;
    if (/^\d+\.\d+\.\d+-/.test(version) && compare(actual, least) === 0) return false;
    // Below 1.0.0 the second number must be equal, too.
    const fixed = least[0] === 0 ? 2 : 1;
    return operator === '>=' || compare(actual.slice(0, fixed), least.slice(0, fixed)) === 0;
  });
}

function numbersOf(version: string): number[] {
  const [major = 0, minor = 0, patch = 0] = version.split('-', 1).join().split('.').map(Number);
  return [major, minor, patch];
}

function compare(a: readonly number[], b: readonly number[]): number {
  const index = a.findIndex((number, i) => number !== b[i]);
  return index < 0 ? 0 : (a[index] ?? 0) - (b[index] ?? 0);
}
