//   npm run docs:site   shows the site of the documentation, and updates it on every edit of a page
//   npm run docs:build  builds it into docs/.vitepress/dist
// `DOCS_BASE=/path` is the path of the site on its host. `GITHUB_REPOSITORY=owner/name` is the repository that it links to.
import { parseArgs } from 'node:util';
import { prepareSite, vitepress } from './build-site.mjs';
import { endWithoutError, fail } from './processes.mjs';
import { install } from './set-up.mjs';

const { build, port } = readArguments();

await install();
await prepareSite();
if (build) {
  await vitepress('build');
} else {
  endWithoutError();
  await vitepress('dev', port ? ['--port', port, '--strictPort'] : []);
}

function readArguments() {
  try {
    return parseArgs({ options: { build: { type: 'boolean' }, port: { type: 'string' } } }).values;
  } catch ({ message }) {
    return fail(`${message}\nThe argument of npm run docs:site is --port: npm run docs:site -- --port 5174`);
  }
}
