/** A rule of markdown-it for links to files outside of `docs/`. */
export declare function outsideLinks(md: object, repository: string | undefined): void;
