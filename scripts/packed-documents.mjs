// What the published packages say about the repository: absolute links in the README, and fields of package.json.
import { posix } from 'node:path';

/** A target that does not begin with a scheme or "#". */
const RELATIVE = String.raw`(?![a-z][a-z+.-]*:|#)`;
const link = (name) =>
  String.raw`\[(?<${name}Text>(?:[^\[\]\`]|\`[^\`\n]*\`)*)\]\(${RELATIVE}(?<${name}Target>[^)\s]+)(?: "[^"\n]*")?\)`;
/** Nothing is a link in code, so code is matched first. */
const CODE_OR_LINK = new RegExp(`\`\`\`[^]*?\`\`\`|\`[^\`\n]*\`|!${link('image')}|${link('page')}`, 'g');
/** Everything that links: Markdown, "[name]: path" on a line of its own, and HTML. */
const ANY_LINK = new RegExp(String.raw`(?:\]\(|^ *\[[^\]\n]+\]: *|\b(?:href|src)=["'])${RELATIVE}([^)\s"']+)`, 'gm');

/**
 * The README of a package as it is published. Without a known repository it has no images, and text instead of links.
 * @param text the README in the repository
 * @param folder its folder in the repository
 * @param repository such as "owner/name"
 * @param tag the tag of the version
 */
export function packedReadme(text, folder, repository, tag) {
  const packed = text.replaceAll(CODE_OR_LINK, (...match) => {
    const { imageText, imageTarget, pageText, pageTarget } = match.at(-1);
    const pathOf = (target) => `${tag}/${posix.join(folder, target)}`;
    if (imageTarget !== undefined) {
      return repository
        ? `![${imageText}](https://raw.githubusercontent.com/${repository}/${pathOf(imageTarget)})`
        : '';
    }
    if (pageTarget === undefined) return match[0];
    return repository ? `[${pageText}](https://github.com/${repository}/blob/${pathOf(pageTarget)})` : pageText;
  });
  // An image leaves an empty paragraph.
  return packed.replaceAll(/\n{3,}/g, '\n\n');
}

/** The links of a README that lead nowhere outside of the repository. */
export function relativeLinks(text) {
  const withoutCode = text.replaceAll(/```[^]*?```|`[^`\n]*`/g, '');
  return [...withoutCode.matchAll(ANY_LINK)].map(([, target]) => target);
}

/**
 * The package.json of a package as it is published.
 * @param source the folder of the package in the repository
 * @param readme the folder of its README
 */
export function packedManifest(manifest, source, readme, repository) {
  if (!repository) return manifest;
  const url = `https://github.com/${repository}`;
  return {
    ...manifest,
    repository: { type: 'git', url: `git+${url}.git`, directory: source },
    homepage: readme === '.' ? `${url}#readme` : `${url}/tree/main/${readme}#readme`,
    bugs: { url: `${url}/issues` },
  };
}
