import { createRequire } from 'node:module';
import { join } from 'node:path';
import { lineEndingOf } from './workspace.js';

/** The ranges of the peers that belong to each version of NestJS. Without them npm installs the newest, which may be ESM only. */
const PEERS: Readonly<Record<number, Readonly<Record<string, string>>>> = {
  11: { '@nestjs/axios': '^4.0.0', '@nestjs/config': '^4.0.0', axios: '^1.8.0' },
  12: { '@nestjs/axios': '^12.0.0', '@nestjs/config': '^12.0.0', axios: '^1.8.0' },
};

const GROUPS = ['dependencies', 'devDependencies', 'peerDependencies', 'optionalDependencies'] as const;

type Group = (typeof GROUPS)[number];

export type PackageJson = { type?: string; scripts?: Record<string, string> } & {
  [Name in Group]?: Record<string, string>;
};

export type TestRunner = 'jest' | 'vitest' | undefined;

/** The range of a package in any group of dependencies. */
export function rangeOf(manifest: PackageJson, name: string): string | undefined {
  return GROUPS.map((group) => manifest[group]?.[name]).find((range) => range !== undefined);
}

/** The major version of NestJS: of the installed package, or of the declared range. */
export function nestMajor(manifest: PackageJson, folder: string): number {
  const version = installedVersion('@nestjs/core', folder) ?? rangeOf(manifest, '@nestjs/core') ?? '';
  return Number(/\d+/.exec(version)?.[0]);
}

function installedVersion(name: string, folder: string): string | undefined {
  try {
    const { version } = createRequire(join(folder, 'package.json'))(`${name}/package.json`) as { version: string };
    return version;
  } catch {
    return undefined;
  }
}

/** The test runner of the script `test`, or else one that is a dependency. */
export function testRunnerOf(manifest: PackageJson): TestRunner {
  const script = manifest.scripts?.test ?? '';
  const runners = ['vitest', 'jest'] as const;
  return (
    runners.find((name) => new RegExp(`\\b${name}\\b`).test(script)) ??
    runners.find((name) => rangeOf(manifest, name) !== undefined)
  );
}

/**
 * Adds the packages that are missing to the text of a `package.json`.
 * @throws Error if the module does not support this version of NestJS
 */
export function addPackages(text: string, folder: string): string {
  const manifest = JSON.parse(text) as PackageJson;
  const major = nestMajor(manifest, folder);
  const peers = PEERS[major];
  if (!peers) throw new Error('nestjs-coinflow-auth needs NestJS 11 or 12. Update NestJS, then try again.');
  const added = [
    ...add(manifest, 'dependencies', peers),
    ...add(manifest, 'devDependencies', {
      ...emulator(manifest),
      ...(testRunnerOf(manifest) ? { '@nestjs/testing': `^${major}.0.0` } : {}),
    }),
  ];
  return added.length === 0 ? text : format(manifest, text);
}

/** The emulator has the version of the module. A path or a URL of the module says nothing about the emulator's. */
function emulator(manifest: PackageJson): Record<string, string> {
  const range = rangeOf(manifest, 'nestjs-coinflow-auth') ?? '';
  return /^[\^~]?\d/.test(range) ? { 'coinflow-emulator': range } : {};
}

function add(manifest: PackageJson, group: Group, packages: Readonly<Record<string, string>>): string[] {
  const missing = Object.entries(packages).filter(([name]) => rangeOf(manifest, name) === undefined);
  if (missing.length > 0) {
    const entries = [...Object.entries(manifest[group] ?? {}), ...missing];
    manifest[group] = Object.fromEntries(entries.sort(([one], [other]) => (one < other ? -1 : 1)));
  }
  return missing.map(([name]) => name);
}

/** The manifest with the indentation, line endings and final newline of the old text. */
function format(manifest: PackageJson, old: string): string {
  const indentation = /^[ \t]+(?=")/m.exec(old)?.[0] ?? '  ';
  const end = /\s*$/.exec(old)?.[0] ?? '';
  return JSON.stringify(manifest, null, indentation).replaceAll('\n', lineEndingOf(old)) + end;
}
