import { failed, ok, result, type CheckResult } from './check-result.js';
import {
  PACKAGE_NAME,
  findNestedPackages,
  findPackages,
  isInRange,
  majorOf,
  type InstalledPackage,
  type Manifest,
} from './packages.js';

/** Packages of NestJS whose versions belong together. */
const NEST_PACKAGES = [
  '@nestjs/common',
  '@nestjs/core',
  '@nestjs/axios',
  '@nestjs/config',
  '@nestjs/microservices',
  '@nestjs/platform-express',
  '@nestjs/platform-fastify',
  '@nestjs/platform-socket.io',
  '@nestjs/platform-ws',
  '@nestjs/terminus',
  '@nestjs/testing',
  '@nestjs/websockets',
];
/** Version 4 of these packages is the one for NestJS 11. */
const PACKAGES_AT_4 = new Set(['@nestjs/axios', '@nestjs/config']);

export function checkNode(version: string, { engines }: Manifest): CheckResult {
  const range = engines?.node ?? '';
  const number = version.replace(/^v/, '');
  if (isInRange(number, range)) return ok('node', number);
  return failed('node', `${number}, but the package needs ${range}`, 'Install a supported version of Node.js.');
}

/** Whether the application has the package, and one copy of it. */
export function checkPackage(cwd: string): CheckResult {
  const copies = distinct([...findPackages(PACKAGE_NAME, cwd), ...findNestedPackages(PACKAGE_NAME, cwd)]);
  const [first] = copies;
  if (!first) {
    return failed(
      'package',
      `${PACKAGE_NAME} is not installed in ${cwd}`,
      `Run the command in the folder of the application, or run npm install ${PACKAGE_NAME}.`,
    );
  }
  if (copies.length === 1) return ok('package', first.manifest.version);
  return result(
    'package',
    'warning',
    `${copies.length} copies: each has its own cache and its own budget`,
    ...copies.map(({ folder, manifest }) => `${manifest.version} in ${folder}`),
    `Run npm dedupe, or give every package.json the same range of ${PACKAGE_NAME}.`,
  );
}

function distinct(copies: readonly InstalledPackage[]): InstalledPackage[] {
  return [...new Map(copies.map((copy) => [copy.folder, copy])).values()];
}

/** Whether the peers are installed in versions that the package supports. */
export function checkPeers(cwd: string, { peerDependencies = {}, peerDependenciesMeta = {} }: Manifest): CheckResult {
  const peers = Object.entries(peerDependencies).map(([name, range]) => ({
    name,
    range,
    version: findPackages(name, cwd)[0]?.manifest.version,
    isOptional: peerDependenciesMeta[name]?.optional === true,
  }));
  const missing = peers.filter(({ version, isOptional }) => version === undefined && !isOptional);
  const wrong = peers.filter(({ version, range }) => version !== undefined && !isInRange(version, range));
  const installed = peers.flatMap(({ name, version }) => (version === undefined ? [] : [`${name} ${version}`]));
  if (missing.length + wrong.length === 0) return ok('peers', installed.join(', '));
  return failed(
    'peers',
    [
      ...missing.map(({ name }) => `${name} is missing`),
      ...wrong.map(({ name, version, range }) => `${name} is ${version}, not ${range}`),
    ].join('; '),
    `Run npm install ${[...missing, ...wrong].map(({ name, range }) => `"${name}@${range}"`).join(' ')}`,
  );
}

/** Whether all packages of NestJS are of one major version. */
export function checkNestVersions(cwd: string): CheckResult {
  const packages = NEST_PACKAGES.flatMap((name) => {
    const version = findPackages(name, cwd)[0]?.manifest.version;
    return version === undefined ? [] : [{ name, version, nest: nestMajorOf(name, version) }];
  });
  const majors = [...new Set(packages.map(({ nest }) => nest))].sort((a, b) => a - b);
  if (majors.length === 0) return result('nest-versions', 'skipped', 'NestJS is not installed');
  if (majors.length === 1) return ok('nest-versions', `NestJS ${majors.join()}`);
  return failed(
    'nest-versions',
    `packages for NestJS ${majors.join(' and ')}`,
    ...majors.map((major) => {
      const names = packages.filter(({ nest }) => nest === major).map(({ name, version }) => `${name} ${version}`);
      return `for NestJS ${major}: ${names.join(', ')}`;
    }),
    'Install all of them for the same version of NestJS.',
  );
}

function nestMajorOf(name: string, version: string): number {
  const major = majorOf(version);
  return PACKAGES_AT_4.has(name) && major === 4 ? 11 : major;
}
