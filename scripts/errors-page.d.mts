/** The text of `docs/errors.md`, from the catalogue of the codes. */
export declare function errorsPage(catalogue: object): string;
