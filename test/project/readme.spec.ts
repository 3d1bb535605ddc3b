import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { packedManifest, packedReadme, relativeLinks } from '../../scripts/packed-documents.mjs';
import { documents, root } from './snippets.js';

const read = (path: string): string => readFileSync(root + path, 'utf8');

describe('README.md', () => {
  it('leads to every page of the docs', () => {
    const targets = relativeLinks(read('README.md')).map((target) => posix.normalize(target.split('#')[0] ?? ''));
    // The home of the site, which is a table of contents itself.
    const pages = documents.filter((path) => path.startsWith('docs/') && path !== 'docs/index.md');
    expect(pages.length).toBeGreaterThan(30);
    expect(pages.filter((page) => !targets.includes(page))).toEqual([]);
  });

  it('has at most 200 lines', () => {
    expect(read('README.md').trimEnd().split('\n').length).toBeLessThanOrEqual(200);
  });
});

describe('the README of a published package', () => {
  const text = [
    '[A guide](../../docs/guide.md#first-step) and [`code`](../../LICENSE), [a site](https://example.com), [below](#below).',
    '![A picture](docs/picture.png)',
    '`[not a link](in/code.md)`',
    '```ts\nlist[0](argument);\n```',
  ].join('\n\n');

  it('links to the tag of its version', () => {
    expect(packedReadme(text, 'libs/package', 'owner/name', 'v1.2.3')).toBe(
      text
        .replace('../../docs', 'https://github.com/owner/name/blob/v1.2.3/docs')
        .replace('../../LICENSE', 'https://github.com/owner/name/blob/v1.2.3/LICENSE')
        .replace(
          'docs/picture.png',
          'https://raw.githubusercontent.com/owner/name/v1.2.3/libs/package/docs/picture.png',
        ),
    );
  });

  it('has text instead of links, and no images, while the repository is unknown', () => {
    expect(packedReadme(text, 'libs/package', undefined, 'v1.2.3')).toBe(
      text
        .replace('[A guide](../../docs/guide.md#first-step)', 'A guide')
        .replace('[`code`](../../LICENSE)', '`code`')
        .replace('![A picture](docs/picture.png)\n\n', ''),
    );
  });

  it.each([
    ['a link', '[a](b.md)', 'b.md'],
    ['a link with a title', '[a](b.md "c")', 'b.md'],
    ['an image', '![a](/b.png)', '/b.png'],
    ['a link around an image', '[![a](https://example.com/a.svg)](b.md)', 'b.md'],
    ['a definition', '[a]\n\n[a]: ./b.md', './b.md'],
    ['HTML', '<img alt="" src="b.png">', 'b.png'],
  ])('has a relative link in %s', (_, readme, target) => {
    expect(relativeLinks(readme)).toEqual([target]);
  });

  it.each([
    ['README.md', '.'],
    ['libs/coinflow-emulator/README.md', 'libs/coinflow-emulator'],
  ])('has no relative link in place of %s', (file, folder) => {
    expect(relativeLinks(read(file)).length).toBeGreaterThan(3);
    for (const repository of ['owner/name', undefined]) {
      expect(relativeLinks(packedReadme(read(file), folder, repository, 'v1.2.3'))).toEqual([]);
    }
  });
});

describe('the package.json of a published package', () => {
  it('names the repository if it is known', () => {
    expect(packedManifest({ name: 'a' }, 'libs/a', 'libs/a', undefined)).toEqual({ name: 'a' });
    expect(packedManifest({ name: 'a' }, 'libs/a', 'libs/a', 'owner/name')).toEqual({
      name: 'a',
      repository: { type: 'git', url: 'git+https://github.com/owner/name.git', directory: 'libs/a' },
      homepage: 'https://github.com/owner/name/tree/main/libs/a#readme',
      bugs: { url: 'https://github.com/owner/name/issues' },
    });
    const ofTheProject = packedManifest({ name: 'a' }, 'libs/a', '.', 'owner/name');
    expect(ofTheProject.homepage).toBe('https://github.com/owner/name#readme');
  });
});
