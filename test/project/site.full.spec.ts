import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { isTestSiteBuilt, TEST_SITE } from '../../scripts/build-site.mjs';
import { describeWithChromium, openPage, startBrowser, type WatchedPage } from '../harness/browser.js';
import { fileOf, serveSite } from '../harness/static-site.js';
import { until } from '../harness/until.js';
import { documents, root } from './snippets.js';

const { base, repository, folder } = TEST_SITE;
const SOURCES = `https://github.com/${repository}/`;
/** The drawings without their ids, which change each time. */
const DRAWINGS = `[...document.querySelectorAll('.mermaid-diagram svg')]
  .map((svg) => svg.outerHTML.replaceAll(svg.id, ''))`;
const PHONE = { width: 360, height: 740 };

/** The HTML files of the site, by their paths. */
const htmlFiles = new Map<string, string>();
const fences = (document: string): number => readFileSync(root + document, 'utf8').split(/^```mermaid$/m).length - 1;
const pages = documents.filter((path) => path.startsWith('docs/'));
const pathOf = (document: string): string => document.replace(/^docs\/|(?:(?<=\/)index)?\.md$/g, '');

beforeAll(() => {
  if (!isTestSiteBuilt())
    throw new Error('The site is missing or out of date: run `npm run test:full -- project/site`.');
  for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (path.endsWith('.html')) htmlFiles.set(path, readFileSync(join(folder, path), 'utf8'));
  }
});

const attributes = (html: string, name: string): string[] =>
  [...html.matchAll(new RegExp(`\\s${name}="([^"]*)"`, 'g'))].map(([, value = '']) => value.replaceAll('&amp;', '&'));

const ids = new Map<string, Set<string>>();

function hasAnchor(file: string, anchor: string): boolean {
  const known = ids.get(file) ?? new Set(attributes(htmlFiles.get(file) ?? '', 'id'));
  ids.set(file, known);
  return known.has(decodeURIComponent(anchor));
}

/** What is wrong with a link of a page, if anything is. */
function problemOf(link: string, page: string): string | undefined {
  if (link.startsWith(SOURCES)) return problemInRepository(link);
  const url = new URL(link, `http://site${base}${page.replace(/\.html$/, '')}`);
  if (url.host !== 'site') return undefined;
  const file = fileOf(base, url.href);
  if (file === undefined) return 'is outside of the base path';
  if (!existsSync(join(folder, file))) return 'leads nowhere';
  return url.hash.length > 1 && !hasAnchor(file, url.hash.slice(1)) ? 'has an unknown anchor' : undefined;
}

/** A file of the repository, or a page that is edited there. */
function problemInRepository(link: string): string | undefined {
  const [, path = ''] = /\/(?:blob|edit)\/main\/([^#]*)/.exec(link) ?? [];
  return existsSync(root + path) ? undefined : 'leads to no file of the repository';
}

describe('the built site', () => {
  it('has a page for every document, the changelog, and every entry point of the packages', () => {
    const files = [...pages, 'docs/reference/changelog.md', 'docs/reference/api/nestjs-coinflow-auth/redis/index.md'];
    const missing = files.filter((document) => !htmlFiles.has(document.replace('docs/', '').replace(/md$/, 'html')));
    expect(missing).toEqual([]);
  });

  it('has no broken link and no broken anchor', () => {
    const broken = [...htmlFiles].flatMap(([page, html]) =>
      [...attributes(html, 'href'), ...attributes(html, 'src')].flatMap((link) => {
        const problem = problemOf(link, page);
        return problem ? [`${page}: ${link} ${problem}`] : [];
      }),
    );
    expect([...new Set(broken)]).toEqual([]);
    expect(htmlFiles.size).toBeGreaterThan(200);
  });

  it('loads scripts, styles, fonts and images from its own host', () => {
    const loaded = [...htmlFiles].flatMap(([, html]) =>
      [...html.matchAll(/<(?:script|img|iframe|link)\s[^>]*>/g)].flatMap(([tag]) => [
        ...attributes(tag, 'src'),
        ...attributes(tag, 'href'),
      ]),
    );
    expect([...new Set(loaded)].filter((url) => /^(?:\w+:)?\/\//.test(url))).toEqual([]);
  });
});

describeWithChromium('the site in a browser', () => {
  let browser: Browser;
  let site: Awaited<ReturnType<typeof serveSite>>;
  let watched: WatchedPage;
  let page: Page;
  const failed: string[] = [];
  jest.setTimeout(180_000);

  beforeAll(async () => {
    site = await serveSite(folder, base);
    browser = await startBrowser();
    watched = await openPage(browser);
    page = watched.page;
    page.on('response', (response) => response.status() >= 400 && failed.push(response.url()));
    await page.setViewportSize(PHONE);
  });

  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  const open = (path: string): Promise<unknown> => page.goto(site.url + path, { waitUntil: 'networkidle' });

  it('shows every page at a width of 360 pixels without horizontal scrolling', async () => {
    const api = ['reference/api/', 'reference/api/nestjs-coinflow-auth/classes/CoinflowAuthService'];
    const wide: string[] = [];
    for (const path of [...pages.map(pathOf), 'reference/changelog', ...api]) {
      await page.goto(site.url + path);
      await page.locator('.VPFooter, .VPDocFooter, .VPHome').first().waitFor({ state: 'attached' });
      const width = await page.evaluate<number>('document.documentElement.scrollWidth');
      if (width > PHONE.width) wide.push(`${path}: ${width}`);
    }
    expect(wide).toEqual([]);
  });

  it('draws the diagrams in light and dark', async () => {
    const withDiagrams = pages.filter((document) => fences(document) > 0);
    expect(withDiagrams.length).toBeGreaterThan(0);
    for (const document of withDiagrams) {
      const drawn = (): Promise<string[]> => page.evaluate(DRAWINGS);
      await page.emulateMedia({ colorScheme: 'light' });
      await open(pathOf(document));
      await until(
        async () => (await drawn()).length === fences(document),
        () => `${document} has its diagrams`,
      );
      const light = await drawn();
      await page.emulateMedia({ colorScheme: 'dark' });
      const isDark = async (): Promise<boolean> => {
        const dark = await drawn();
        return dark.length === light.length && dark.every((svg, index) => svg !== light[index]);
      };
      await until(isDark, () => `${document} has dark diagrams`);
    }
  });

  it('loads Mermaid only on pages with a diagram', async () => {
    const loads = async (path: string): Promise<boolean> => {
      const before = watched.urls.length;
      await open(path);
      return watched.urls.slice(before).some((url) => url.includes('/mermaid'));
    };
    expect([await loads('reference/errors'), await loads('emulator/')]).toEqual([false, true]);
  });

  it('finds an option, and opens the page that describes it', async () => {
    await open('');
    await page.locator('#local-search button').click();
    await page.locator('.VPLocalSearchBox input').fill('maxAgeMs');
    await page.locator('.VPLocalSearchBox .result[href$="#choosing-ttlms-and-maxagems"]').click();
    await page.locator('main').getByRole('heading', { name: 'Choosing ttlMs and maxAgeMs' }).waitFor();
    expect(page.url()).toBe(`${site.url}reference/configuration#choosing-ttlms-and-maxagems`);
  });

  it('has sent no request to another host, and has logged no error', () => {
    const { host } = new URL(site.url);
    expect(watched.urls.length).toBeGreaterThan(100);
    expect(watched.urls.filter((url) => !/^(?:data|blob):/.test(url) && new URL(url).host !== host)).toEqual([]);
    expect([...failed, ...watched.problems]).toEqual([]);
  });
});
