/** What a package.json has. */
type Manifest = Readonly<Record<string, unknown>>;

export function packedReadme(text: string, folder: string, repository: string | undefined, tag: string): string;
export function relativeLinks(text: string): string[];
export function packedManifest(
  manifest: Manifest,
  source: string,
  readme: string,
  repository: string | undefined,
): Manifest;
