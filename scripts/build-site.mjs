// The site of the documentation. VitePress and TypeDoc are dependencies of docs/ alone.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, run } from './processes.mjs';
import { filesBelow, fingerprint, install, readIfExists } from './set-up.mjs';

const DOCS = join(root, 'docs');
const API = join(DOCS, 'reference', 'api');
/** What the tests of the site read. It is in a folder of its own, with a base path and a repository that nobody has. */
export const TEST_SITE = { base: '/shop/', repository: 'example/shop', folder: join(root, 'dist', 'site') };

/** Installs what is missing in docs/, and writes the pages that are generated from the code and the changelog. */
export async function prepareSite() {
  await install('docs');
  await describeApi();
  writeFileSync(join(DOCS, 'reference', 'changelog.md'), changelog());
}

/** Runs VitePress. */
export function vitepress(command, args = [], env = process.env) {
  return inDocs('vitepress/bin/vitepress.js', [command, '.', ...args], env);
}

/** Builds the site for the tests unless it is up to date. */
export async function buildTestSite() {
  await prepareSite();
  if (isTestSiteBuilt()) return;
  console.log('Building the site of the documentation ...');
  const { base, repository, folder } = TEST_SITE;
  rmSync(folder, { recursive: true, force: true });
  const env = { ...process.env, DOCS_BASE: base, GITHUB_REPOSITORY: repository };
  await vitepress('build', ['--outDir', folder], env);
  writeFileSync(join(folder, '.built'), siteFingerprint());
}

/** Whether the site for the tests is up to date. */
export function isTestSiteBuilt() {
  return readIfExists(join(TEST_SITE.folder, '.built')) === siteFingerprint();
}

/** Writes the pages of the public API unless they are up to date. */
async function describeApi() {
  const settings = ['docs/typedoc.json', 'docs/typedoc-plugin.mjs', 'docs/package-lock.json', 'tsconfig.json'];
  const sources = filesBelow(join(root, 'libs')).filter((file) => !file.endsWith('spec.ts'));
  const wanted = fingerprint([...sources, ...settings.map((file) => join(root, file))]);
  const stamp = join(API, '.generated');
  if (readIfExists(stamp) === wanted) return;
  console.log('Describing the public API ...');
  rmSync(API, { recursive: true, force: true });
  await inDocs('typedoc/bin/typedoc', ['--logLevel', 'Warn']);
  writeFileSync(stamp, wanted);
}

/** CHANGELOG.md with links from its place in the site. */
function changelog() {
  const text = readFileSync(join(root, 'CHANGELOG.md'), 'utf8');
  return text.replace(/\]\((?!https?:|#)/g, '](../../');
}

function siteFingerprint() {
  return fingerprint(filesBelow(DOCS).filter((file) => !/\.vitepress[/\\](?:cache|\.temp)/.test(file)));
}

function inDocs(script, args, env) {
  return run(process.execPath, [join(DOCS, 'node_modules', script), ...args], { cwd: DOCS, env });
}
