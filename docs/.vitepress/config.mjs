import { existsSync, readFileSync } from 'node:fs';
import { REPOSITORY } from '../../scripts/repository.mjs';
import { longNames, withBreaks } from './long-names.mjs';
import { mermaidFences } from './mermaid-fences.mjs';
import { outsideLinks } from './outside-links.mjs';
import { sidebarWith } from './sidebar.mjs';
import { slugify } from './slugify.mjs';

const { DOCS_BASE = '' } = process.env;
const base = `${DOCS_BASE.replace(/\/$/, '')}/`;
const repository = REPOSITORY && `https://github.com/${REPOSITORY}`;

export default {
  base,
  lang: 'en',
  title: 'nestjs-coinflow-auth',
  description: 'Coinflow session keys, webhooks and calls for NestJS, with a local emulator',
  cleanUrls: true,
  head: [['link', { rel: 'icon', href: `${base}favicon.svg`, type: 'image/svg+xml' }]],
  markdown: {
    anchor: { slugify },
    config(md) {
      md.use(outsideLinks, repository).use(mermaidFences).use(longNames);
    },
  },
  transformPageData({ relativePath, frontmatter }) {
    if (isGenerated(relativePath)) frontmatter.editLink = false;
  },
  themeConfig: {
    nav: [
      { text: 'Getting started', link: '/getting-started' },
      { text: 'Guides', link: '/guides/protect-routes', activeMatch: '^/guides/' },
      { text: 'Configuration', link: '/reference/configuration' },
      { text: 'API', link: '/reference/api/', activeMatch: '^/reference/api/' },
      { text: 'Emulator', link: '/emulator/', activeMatch: '^/emulator/' },
    ],
    // The public API has a sidebar of its own, because its many names would be in the HTML of every page.
    sidebar: {
      '/': sidebarWith([
        { text: 'Public API', link: '/reference/api/' },
        { text: 'Changelog', link: '/reference/changelog' },
      ]),
      '/reference/api/': [{ text: 'Public API', link: '/reference/api/', items: apiSidebar() }],
    },
    outline: [2, 3],
    search: {
      provider: 'local',
      options: {
        miniSearch: {
          searchOptions: {
            // A guide is usually a better answer than the page of a type.
            boostDocument: (id) => (id.includes('/reference/api/') ? 0.4 : 1),
          },
        },
      },
    },
    ...(repository && {
      socialLinks: [{ icon: 'github', link: repository }],
      editLink: { pattern: `${repository}/edit/main/docs/:path`, text: 'Edit this page' },
    }),
    footer: { message: 'Released under the MIT License.' },
  },
  vite: {
    // The chunk of Mermaid, which only pages with a diagram load.
    build: { chunkSizeWarningLimit: 2_000 },
    optimizeDeps: { include: ['mermaid'] },
  },
};

/** Whether `scripts/build-site.mjs` writes this page. */
function isGenerated(page) {
  return page.startsWith('reference/api/') || page === 'reference/changelog.md';
}

/** What TypeDoc writes beside its pages: one entry for each entry point. */
function apiSidebar() {
  const file = new URL('../reference/api/typedoc-sidebar.json', import.meta.url);
  const breakable = (key, value) => (key === 'text' ? withBreaks(value) : value);
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8'), breakable) : [];
}
