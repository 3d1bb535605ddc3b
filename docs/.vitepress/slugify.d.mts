/** The anchor that GitHub gives a heading. */
export declare function slugify(heading: string): string;
