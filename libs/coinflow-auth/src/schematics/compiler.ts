import { createRequire } from 'node:module';
import { join } from 'node:path';
import type ts from 'typescript';

export type Compiler = typeof ts;

/**
 * The TypeScript of the project, or else of the Nest CLI that runs this. TypeScript 7 is a native program without this API.
 * @returns `undefined` if neither has the API
 */
export function loadCompiler(folder: string): Compiler | undefined {
  for (const start of [join(folder, 'package.json'), process.argv[1] ?? folder]) {
    try {
      const compiler = createRequire(start)('typescript') as Partial<Compiler>;
      if (typeof compiler.createSourceFile === 'function') return compiler as Compiler;
    } catch {
      // This one is not installed.
    }
  }
  return undefined;
}

/** The syntax tree of a TypeScript file, or `undefined` if the file has syntax errors. */
export function parse(ts: Compiler, text: string): ts.SourceFile | undefined {
  const options = { reportDiagnostics: true, compilerOptions: { experimentalDecorators: true } };
  const { diagnostics = [] } = ts.transpileModule(text, { ...options, fileName: 'module.ts' });
  const errors = diagnostics.filter(({ category, file }) => file && category === ts.DiagnosticCategory.Error);
  if (errors.length > 0) return undefined;
  return ts.createSourceFile('module.ts', text, ts.ScriptTarget.Latest, true);
}

/** The import declarations at the top of a file. */
export function importsOf(ts: Compiler, file: ts.SourceFile): ts.ImportDeclaration[] {
  return file.statements.filter((statement) => ts.isImportDeclaration(statement));
}

/** The module that an import declaration names. */
export function moduleOf(ts: Compiler, { moduleSpecifier }: ts.ImportDeclaration): string {
  return ts.isStringLiteral(moduleSpecifier) ? moduleSpecifier.text : '';
}

/** The names that an import declaration brings into the file. */
export function namesOf(ts: Compiler, { importClause }: ts.ImportDeclaration): string[] {
  const bindings = importClause?.namedBindings;
  const named = bindings && ts.isNamedImports(bindings) ? bindings.elements.map(({ name }) => name.text) : [];
  const namespace = bindings && ts.isNamespaceImport(bindings) ? [bindings.name.text] : [];
  return [...(importClause?.name ? [importClause.name.text] : []), ...named, ...namespace];
}
