import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';
import { outsideLinks } from '../../docs/.vitepress/outside-links.mjs';
import { groups } from '../../docs/.vitepress/sidebar.mjs';
import { slugify } from '../../docs/.vitepress/slugify.mjs';
import { documents, root } from './snippets.js';

/** `docs/emulator/index.md` is `/emulator/`, and `docs/reference/errors.md` is `/reference/errors`. */
const linkOf = (document: string): string => document.replace(/^docs|(?:(?<=\/)index)?\.md$/g, '');

describe('the sidebar of the site', () => {
  it('leads to every page of the documentation once, and to no other', () => {
    const pages = documents.filter((path) => path.startsWith('docs/') && path !== 'docs/index.md').map(linkOf);
    const links = groups.flatMap(({ items }) => items.map(({ link }) => link));
    expect(pages.length).toBeGreaterThan(30);
    expect(links.sort()).toEqual(pages.sort());
  });

  it('has a group for each folder', () => {
    const folders = readdirSync(new URL('../../docs', import.meta.url), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !/^\.|^(?:images|node_modules|public)$/.test(entry.name))
      .map(({ name }) => name);
    const titles = groups.map(({ text }) => text.toLowerCase());
    expect(titles.sort()).toEqual([...folders, 'start'].sort());
  });
});

describe('the anchors of the site', () => {
  it.each([
    ['Getting started', 'getting-started'],
    ['@CurrentSession()', 'currentsession'],
    ["Hybrid applications and 'skip'", 'hybrid-applications-and-skip'],
    ['cache.ttlMs', 'cachettlms'],
    ['Choosing `ttlMs` and `maxAgeMs`', 'choosing-ttlms-and-maxagems'],
    ['COINFLOW_SESSION_KEY_MISSING', 'coinflow_session_key_missing'],
    ['503 after a deployment: what now?', '503-after-a-deployment-what-now'],
    ['Login, key & widget', 'login-key--widget'],
    ['Über die Brücke', 'über-die-brücke'],
  ])('are those of GitHub: %s', (heading, anchor) => {
    expect(slugify(heading)).toBe(anchor);
  });
});

describe('the docstrings', () => {
  it('name the errors that they throw as links: TypeDoc leaves out other names in braces', () => {
    const sources = ts.sys.readDirectory(`${root}libs`, ['.ts'], ['**/node_modules']);
    const thrown = sources.filter((path) => /@throws \{(?!@link )/.test(readFileSync(path, 'utf8')));
    expect(sources.length).toBeGreaterThan(100);
    expect(thrown).toEqual([]);
  });
});

describe('a link of the site to a file outside of docs/', () => {
  interface Token {
    readonly type: string;
    readonly content?: string;
    href?: string;
  }
  type Rule = (state: { tokens: object[]; env: { relativePath: string } }) => void;

  /** What is left of a link in a page: its target and its tokens. */
  function render(href: string, repository?: string): (string | undefined)[] {
    const link = {
      type: 'link_open',
      href,
      attrGet: () => link.href,
      attrSet: (_: string, to: string) => (link.href = to),
    };
    const children: Token[] = [{ type: 'text' }, link, { type: 'text' }, { type: 'link_close' }, { type: 'text' }];
    let rule: Rule = () => undefined;
    outsideLinks({ core: { ruler: { push: (_: string, added: Rule) => (rule = added) } } }, repository);
    rule({ tokens: [{ children }, {}], env: { relativePath: 'guides/testing.md' } });
    return children.map(({ type, href }) => href ?? type);
  }

  const REPOSITORY = 'https://github.com/example/shop';
  const linked = (to: string): string[] => ['text', to, 'text', 'link_close', 'text'];

  it('leads to the repository', () => {
    expect(render('../../bench/main.ts#L3', REPOSITORY)).toEqual(linked(`${REPOSITORY}/blob/main/bench/main.ts#L3`));
  });

  it('is plain text if the repository is unknown', () => {
    expect(render('../../bench/main.ts')).toEqual(['text', 'text', 'text']);
  });

  it('leads to the page of the changelog', () => {
    expect(render('../../CHANGELOG.md')).toEqual(linked('/reference/changelog.md'));
  });

  it('leads to a page of the site, if the path comes back into docs/', () => {
    expect(render('../../docs/reference/errors.md#a')).toEqual(linked('/reference/errors.md#a'));
  });

  it.each(['../reference/errors.md', './webhooks.md', '#anchor', 'https://example.com', '/emulator/'])(
    'is no other link: %s',
    (href) => {
      expect(render(href, REPOSITORY)).toEqual(linked(href));
    },
  );
});
