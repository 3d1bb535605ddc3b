/**
 * The repository on GitHub, as "owner/name". Nobody has named one yet, so a clone does not know it. GitHub Actions sets the
 * variable, so a release does. Links in the published packages come from here.
 */
export const REPOSITORY = process.env.GITHUB_REPOSITORY || undefined;
