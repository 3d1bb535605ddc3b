// The part of `@angular-devkit/schematics` that `nest add` needs. The Nest CLI brings its own version (19 with NestJS 11, 22 with
// NestJS 12) and runs every function of this form, so the package does not depend on it.

/** The files of the user's project, with paths from its root. The CLI writes the changes at the end, or lists them in a dry run. */
export interface Tree {
  exists(path: string): boolean;
  read(path: string): Buffer | null;
  create(path: string, content: string): void;
  overwrite(path: string, content: string): void;
  getDir(path: string): { readonly subdirs: readonly string[]; readonly subfiles: readonly string[] };
}

export interface Logger {
  info(message: string): void;
  warn(message: string): void;
}

export interface SchematicContext {
  readonly logger: Logger;
  addTask(task: { toConfiguration(): { name: string; options: object } }): unknown;
}

export type Rule = (tree: Tree, context: SchematicContext) => void;

/** The text of a file, or `undefined` if it does not exist. */
export function readText(tree: Tree, path: string): string | undefined {
  return tree.read(path)?.toString('utf8');
}

/** Writes a file if its text changes. */
export function writeText(tree: Tree, path: string, text: string): void {
  const old = readText(tree, path);
  if (old === undefined) tree.create(path, text);
  else if (old !== text) tree.overwrite(path, text);
}

/** The TypeScript files below a folder, without tests. */
export function* sourceFiles(tree: Tree, folder: string): Generator<string> {
  const { subdirs, subfiles } = tree.getDir(folder);
  for (const file of subfiles) {
    if (/(?<!\bspec|\btest)\.[cm]?ts$/.test(file)) yield `${folder}/${file}`;
  }
  for (const name of subdirs) {
    if (name !== 'node_modules' && name !== 'dist' && !name.startsWith('.'))
      yield* sourceFiles(tree, `${folder}/${name}`);
  }
}

/** The line ending that a text uses. */
export function lineEndingOf(text: string): '\r\n' | '\n' {
  return text.includes('\r\n') ? '\r\n' : '\n';
}
