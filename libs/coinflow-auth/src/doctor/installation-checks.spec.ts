import { describe, expect, it } from '@jest/globals';
import { createFolder, installed } from '../../../../test/harness/doctor.js';
import { checkNestVersions, checkNode, checkPackage, checkPeers } from './installation-checks.js';
import { isInRange, ownManifest } from './packages.js';

const MANIFEST = {
  name: 'nestjs-coinflow-auth',
  version: '1.0.0',
  engines: { node: '>=20.19' },
  peerDependencies: { '@nestjs/common': '^11.0.0 || ^12.0.0', axios: '^1.8.0', ioredis: '^5.0.0 || ^6.0.0' },
  peerDependenciesMeta: { ioredis: { optional: true } },
};

const folderWith = (versions: Record<string, string>): string => createFolder(installed(versions));

describe('the checks of the installation', () => {
  it('reads the manifest of the package itself', () => {
    expect(ownManifest()).toMatchObject({ name: 'nestjs-coinflow-auth', engines: { node: expect.any(String) } });
  });

  it.each([
    ['v20.19.0', 'ok'],
    ['v24.1.0', 'ok'],
    ['v20.18.3', 'failed'],
    ['v18.20.0', 'failed'],
  ])('compares the version of Node.js with the engines of the package: %s is %s', (version, status) => {
    expect(checkNode(version, MANIFEST)).toMatchObject({ id: 'node', status });
  });

  it.each([
    ['1.8.0', '^1.8.0', true],
    ['1.21.1', '^1.8.0', true],
    ['1.7.9', '^1.8.0', false],
    ['2.0.0', '^1.8.0', false],
    ['12.5.1', '^11.0.0 || ^12.0.0', true],
    ['13.0.0', '^11.0.0 || ^12.0.0', false],
    ['0.2.2', '^0.2.0', true],
    ['0.3.0', '^0.2.0', false],
    ['12.0.0-next.1', '^12.0.0', false],
    ['12.1.0-next.1', '^12.0.0', true],
    ['12.0.0', '~12.0.0', false],
  ])('decides whether %s is in the range %s: %s', (version, range, expected) => {
    expect(isInRange(version, range)).toBe(expected);
  });

  it('reports the versions of the installed peers, and ignores optional peers that are not installed', () => {
    const peers = checkPeers(folderWith({ '@nestjs/common': '12.5.1', axios: '1.9.0' }), MANIFEST);
    expect(peers).toMatchObject({ status: 'ok', found: '@nestjs/common 12.5.1, axios 1.9.0' });
  });

  it.each<[string, Record<string, string>, string, string]>([
    ['a missing peer', { axios: '1.9.0' }, '@nestjs/common is missing', '"@nestjs/common@^11.0.0 || ^12.0.0"'],
    [
      'a peer that is too old',
      { '@nestjs/common': '10.4.0', axios: '1.9.0' },
      '@nestjs/common is 10.4.0',
      '@nestjs/common@',
    ],
    [
      'an optional peer that is too old',
      { '@nestjs/common': '11.0.0', axios: '1.9.0', ioredis: '4.1.0' },
      'ioredis is 4.1.0',
      'ioredis@',
    ],
  ])('fails for %s, and shows the command that installs it', (_, versions, found, command) => {
    const peers = checkPeers(folderWith(versions), MANIFEST);
    expect(peers).toMatchObject({ status: 'failed', found: expect.stringContaining(found) });
    expect(peers.advice.join()).toContain(command);
  });

  it('finds packages in the folders above, as Node.js does', () => {
    const folder = createFolder({ ...installed({ axios: '1.9.0' }), 'apps/shop/package.json': '{}' });
    const { found } = checkPeers(`${folder}/apps/shop`, { ...MANIFEST, peerDependencies: { axios: '^1.8.0' } });
    expect(found).toBe('axios 1.9.0');
  });

  it.each<[string, Record<string, string>, string]>([
    ['packages for one version of NestJS', { '@nestjs/common': '12.0.0', '@nestjs/core': '12.5.1' }, 'ok'],
    [
      'version 4 of the packages that have it for NestJS 11',
      { '@nestjs/common': '11.1.0', '@nestjs/axios': '4.0.0', '@nestjs/config': '4.0.0' },
      'ok',
    ],
    ['packages for two versions of NestJS', { '@nestjs/common': '12.0.0', '@nestjs/core': '11.0.0' }, 'failed'],
    ['version 4 of a package beside NestJS 12', { '@nestjs/common': '12.0.0', '@nestjs/axios': '4.0.0' }, 'failed'],
    ['no package of NestJS', {}, 'skipped'],
  ])('finds mixed versions of NestJS: %s', (_, versions, status) => {
    expect(checkNestVersions(folderWith(versions))).toMatchObject({ id: 'nest-versions', status });
  });

  it('lists which packages are for which version of NestJS', () => {
    const { advice } = checkNestVersions(folderWith({ '@nestjs/common': '12.0.0', '@nestjs/core': '11.0.0' }));
    expect(advice).toContain('for NestJS 11: @nestjs/core 11.0.0');
  });

  it('accepts one copy of the package', () => {
    expect(checkPackage(folderWith({ 'nestjs-coinflow-auth': '0.1.0' }))).toMatchObject({
      status: 'ok',
      found: '0.1.0',
    });
  });

  it('fails when the folder has no copy of the package', () => {
    expect(checkPackage(createFolder())).toMatchObject({
      status: 'failed',
      advice: [expect.stringContaining('npm install nestjs-coinflow-auth')],
    });
  });

  it.each([
    ['another package', 'other/node_modules/nestjs-coinflow-auth'],
    ['another package with a scope', '@our/other/node_modules/nestjs-coinflow-auth'],
  ])('warns of a second copy inside %s', (_, path) => {
    const folder = folderWith({ 'nestjs-coinflow-auth': '0.1.0', [path]: '0.2.0' });
    const found = checkPackage(folder);
    expect(found).toMatchObject({ status: 'warning', found: expect.stringContaining('2 copies') });
    expect(found.advice.join('\n')).toContain(`0.2.0 in ${folder}/node_modules/${path}`);
  });

  it('warns of a second copy in a folder above', () => {
    const folder = createFolder({
      ...installed({ 'nestjs-coinflow-auth': '0.1.0' }),
      'shop/node_modules/nestjs-coinflow-auth/package.json': '{ "name": "nestjs-coinflow-auth", "version": "0.2.0" }',
    });
    expect(checkPackage(`${folder}/shop`).status).toBe('warning');
  });
});
