export declare function findRetiredWords(
  text: string,
  file?: string,
): { line: number; column: number; found: string; instead: string }[];
