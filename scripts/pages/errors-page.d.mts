/** The text of `docs/reference/errors.md`, from the catalogue of the codes and the table of reasons. */
export declare function errorsPage(catalogue: object, reasons: object): string;
