/** The folder of PostgreSQL's server programs; `undefined` where PostgreSQL is not installed. */
export declare function findPostgres(): string | undefined;
