/** The docstring of each option, by its path (`cache.ttlMs`): its first sentence and its `@default`. */
export declare function optionDocs(): Record<string, { summary?: string; default?: string }>;
/** `docs/reference/configuration.md` with the table of all options between its two markers. */
export declare function configurationPage(page: string, table: object): string;
/** The source of `schematics/variables.ts`: the environment variables and what they mean. */
export declare function variablesSource(table: object): string;
