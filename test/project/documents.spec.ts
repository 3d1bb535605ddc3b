import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import ts from 'typescript';
import { slugify } from '../../docs/.vitepress/slugify.mjs';
import { findRetiredWords } from '../../eslint.words.mjs';
import type { CoinflowAuthModuleOptions } from '../../libs/coinflow-auth/src/options/coinflow-auth-options.js';
import { resolveOptions } from '../../libs/coinflow-auth/src/options/resolve-options.js';
import { GENERATED_PAGES } from './snippets.js';

const root = new URL('../..', import.meta.url).pathname;
const filesIn = (folder: string, ...endings: string[]): string[] =>
  ts.sys
    .readDirectory(root + folder, endings, ['**/node_modules', '**/dist', '**/*.spec.ts', ...GENERATED_PAGES])
    .map((path) => relative(root, path));

const documents = [
  'README.md',
  'SECURITY.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'libs/coinflow-emulator/README.md',
  ...filesIn('docs', '.md'),
];
const OPTION = /`((?:cache|http|budget|webhook)\.[A-Za-z]+)(?![.\w])/g;
const ERROR_OR_VARIABLE = /`(COINFLOW_[A-Z_]+)/g;
const INSTRUMENT = /`(coinflow_auth\.[a-z_.]+)/g;
/** Reasons of errors and log lines, outcomes, endpoints and other names in kebab case. */
const KEBAB_CASE = /`([a-z]+(?:-[a-z]+)+)`/g;
/** Names of other packages, and of a header in an example. */
const OTHER_NAMES = ['https-proxy-agent', 'unplugin-swc', 'x-api-key'];

const read = (path: string): string => readFileSync(root + path, 'utf8');
const withoutCode = (text: string): string => text.replace(/```[^]*?```/g, '');

/** The anchors that GitHub makes of the headings of a document. */
function anchorsOf(path: string): Set<string> {
  const seen = new Map<string, number>();
  const headings = [...withoutCode(read(path)).matchAll(/^#{1,6} (.*)$/gm)].map(([, heading = '']) => slugify(heading));
  return new Set(
    headings.map((heading) => {
      const count = seen.get(heading) ?? 0;
      seen.set(heading, count + 1);
      return count === 0 ? heading : `${heading}-${count}`;
    }),
  );
}

/** The links of a document that point nowhere. */
function brokenLinks(document: string): string[] {
  const links = [...withoutCode(read(document)).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
  return links.filter((link) => {
    if (/^https?:/.test(link)) return false;
    const [path = '', anchor] = link.split('#');
    const target = path === '' ? document : join(dirname(document), path);
    return !existsSync(root + target) || (anchor !== undefined && !anchorsOf(target).has(anchor));
  });
}

function namesIn(document: string, pattern: RegExp): string[] {
  return [...new Set([...withoutCode(read(document)).matchAll(pattern)].map(([, name = '']) => name))];
}

/** Whether the module knows the option, whatever its value. */
function isOption(path: string): boolean {
  const [group = '', name = ''] = path.split('.');
  try {
    resolveOptions({ [group]: { [name]: {} } } as unknown as CoinflowAuthModuleOptions);
  } catch (error) {
    return !(error as Error).message.includes(`${path} is not an option`);
  }
  return true;
}

let sources = '';

beforeAll(() => {
  const files = ['libs', 'apps', 'bench', 'scripts'].flatMap((folder) => filesIn(folder, '.ts', '.tsx', '.mjs'));
  sources = [...files, 'package.json'].map(read).join('\n');
});

describe.each(documents)('%s', (document) => {
  it('links to pages and anchors that exist', () => {
    expect(brokenLinks(document)).toEqual([]);
  });

  it('names only options that the module has', () => {
    expect(isOption('cache.unknown')).toBe(false);
    expect(namesIn(document, OPTION).filter((name) => !isOption(name))).toEqual([]);
  });

  it.each([
    ['error codes and variables', ERROR_OR_VARIABLE],
    ['OpenTelemetry instruments', INSTRUMENT],
    ['reasons, outcomes and other names in kebab case', KEBAB_CASE],
  ])('names only %s that the code has', (_, pattern) => {
    const unknown = namesIn(document, pattern).filter(
      (name) => !OTHER_NAMES.includes(name) && !new RegExp(`(?<![\\w-])${name}(?![\\w-])`).test(sources),
    );
    expect(unknown).toEqual([]);
  });

  it('uses no retired word', () => {
    expect(findRetiredWords(read(document), document)).toEqual([]);
  });
});
