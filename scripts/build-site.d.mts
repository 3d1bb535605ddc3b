/** The site that the tests read. */
export declare const TEST_SITE: { readonly base: string; readonly repository: string; readonly folder: string };

/** Whether the site for the tests is up to date. */
export declare function isTestSiteBuilt(): boolean;
