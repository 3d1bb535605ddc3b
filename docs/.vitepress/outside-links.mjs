import { posix } from 'node:path';

/** Files outside of `docs/` that the site has as a page. */
const PAGES = { 'CHANGELOG.md': '/reference/changelog.md' };

/**
 * A rule of markdown-it for links to files outside of `docs/`, which work on GitHub. On the site they lead to the
 * repository. If the repository is unknown, only their text is left.
 */
export function outsideLinks(md, repository) {
  md.core.ruler.push('outside-links', ({ tokens, env }) => {
    for (const { children } of tokens) if (children) rewrite(children, env.relativePath, repository);
  });
}

function rewrite(children, page, repository) {
  for (const [index, token] of [...children.entries()].reverse()) {
    if (token.type !== 'link_open') continue;
    const target = targetOutside(token.attrGet('href'), page);
    if (target === undefined) continue;
    const href = hrefOf(target, repository);
    if (href) token.attrSet('href', href);
    else {
      const end = children.findIndex(({ type }, at) => at > index && type === 'link_close');
      children.splice(end, 1);
      children.splice(index, 1);
    }
  }
}

/** The path in the repository, if the link leaves the folder of the documentation. */
function targetOutside(href, page) {
  if (!href.startsWith('.') || !page) return undefined;
  const path = posix.join('docs', posix.dirname(page), href);
  const climbs = posix.join(posix.dirname(page), href).startsWith('..');
  return climbs ? path : undefined;
}

function hrefOf(target, repository) {
  if (target.startsWith('docs/')) return target.slice('docs'.length);
  const [file, anchor] = target.split('#');
  if (PAGES[file]) return PAGES[file] + (anchor ? `#${anchor}` : '');
  return repository && `${repository}/blob/main/${target}`;
}
