import { readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Clone } from '../harness/clone.js';

describe('what npm start and npm test set up', () => {
  let clone: Clone;

  beforeEach(async () => {
    clone = await Clone.create();
  });

  afterEach(() => clone.remove());

  const commandsOf = async (of: Clone, name: 'install' | 'build'): Promise<number> => {
    const { code, commands } = await of.run(name);
    expect(code).toBe(0);
    return commands.length;
  };

  it('installs once for a lock file, and not again in a copy of the clone', async () => {
    expect((await clone.run('install')).commands).toEqual([expect.stringMatching(/^npm ci /)]);
    expect(await commandsOf(clone, 'install')).toBe(0);
    const copy = await clone.copy();
    expect(await commandsOf(copy, 'install')).toBe(0);
    await copy.write('package-lock.json', '{"changed":true}');
    expect(await commandsOf(copy, 'install')).toBe(1);
  });

  it('installs a folder with a lock file of its own apart from the root', async () => {
    await clone.write('docs/package-lock.json', '{}');
    expect((await clone.run('install', 'docs')).commands).toEqual([expect.stringMatching(/^npm ci /)]);
    expect((await clone.run('install', 'docs')).commands).toEqual([]);
    expect(await commandsOf(clone, 'install')).toBe(1);
    await clone.write('docs/package-lock.json', '{"changed":true}');
    expect((await clone.run('install', 'docs')).commands).toHaveLength(1);
    expect(await commandsOf(clone, 'install')).toBe(0);
  });

  it('builds once for the sources, and not again in a copy of the clone', async () => {
    expect(await commandsOf(clone, 'build')).toBe(3);
    expect(await commandsOf(clone, 'build')).toBe(0);
    const copy = await clone.copy();
    expect(await commandsOf(copy, 'build')).toBe(0);
    await copy.write('apps/main.ts', 'two');
    expect(await commandsOf(copy, 'build')).toBe(3);
    await rename(join(copy.folder, 'apps/main.ts'), join(copy.folder, 'apps/other.ts'));
    expect(await commandsOf(copy, 'build')).toBe(3);
    await copy.write('apps/main.spec.ts', 'a test');
    expect(await commandsOf(copy, 'build')).toBe(0);
  });

  it.each(['', 'up to date'])('refuses a node_modules that is a symbolic link, %s', async (state) => {
    if (state) await clone.run('install');
    const elsewhere = join(clone.folder, '..', 'elsewhere');
    await rename(join(clone.folder, 'node_modules'), elsewhere);
    await writeFile(join(elsewhere, 'keep'), 'me');
    await symlink(elsewhere, join(clone.folder, 'node_modules'));
    const { code, output, commands } = await clone.run('install');
    expect([code, commands]).toEqual([1, []]);
    expect(output).toMatch(/^node_modules is a symbolic link, [^\n]* Remove the link and try again\.\n$/);
    expect(await readFile(join(elsewhere, 'keep'), 'utf8')).toBe('me');
  });

  it('installs where there is no node_modules yet', async () => {
    await rm(join(clone.folder, 'node_modules'), { recursive: true });
    expect(await commandsOf(clone, 'install')).toBe(1);
    expect(await commandsOf(clone, 'install')).toBe(0);
  });
});
