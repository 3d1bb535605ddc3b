import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { loadCompiler } from './compiler.js';

const [, program] = process.argv;
let folder: string;

/** Installs a package `typescript` in a folder of the project. */
function installTypeScript(path: string, code: string): void {
  const target = join(folder, path, 'node_modules', 'typescript');
  mkdirSync(target, { recursive: true });
  writeFileSync(join(target, 'index.js'), code);
}

const version = (): string | undefined => loadCompiler(folder)?.version;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'compiler-'));
  process.argv[1] = join(folder, 'cli', 'schematics.js');
});

afterEach(() => {
  process.argv[1] = program ?? '';
  rmSync(folder, { recursive: true });
});

describe('loadCompiler', () => {
  it('loads the TypeScript of the project', () => {
    installTypeScript('', `exports.createSourceFile = () => {}; exports.version = 'of the project';`);
    installTypeScript('cli', `exports.createSourceFile = () => {}; exports.version = 'of the CLI';`);
    expect(version()).toBe('of the project');
  });

  it('loads the TypeScript of the Nest CLI when that of the project has no compiler API', () => {
    installTypeScript('', `exports.version = '7.0.2';`);
    installTypeScript('cli', `exports.createSourceFile = () => {}; exports.version = 'of the CLI';`);
    expect(version()).toBe('of the CLI');
  });

  it('loads none when neither has a compiler API', () => {
    expect(loadCompiler(folder)).toBeUndefined();
  });
});
