import { readFileSync, readdirSync } from 'node:fs';
import { dirname, relative } from 'node:path';
import ts from 'typescript';

export const root = new URL('../..', import.meta.url).pathname;

/** Files of the application that the documents call yours: what the snippets import with a relative path. */
const YOUR_APP = `${root}test/project/your-app/`;
/** Its exports are what a fragment can use without importing it. */
const PRELUDE = `${YOUR_APP}prelude.ts`;
/** What the tests of a new project use and this repository does not install. */
const TEST_GLOBALS = `
type Jest = typeof import('@jest/globals');
declare const describe: Jest['describe'];
declare const it: Jest['it'];
declare const expect: Jest['expect'];
declare const beforeAll: Jest['beforeAll'];
declare const beforeEach: Jest['beforeEach'];
declare const afterEach: Jest['afterEach'];
declare const afterAll: Jest['afterAll'];
declare module 'supertest' {
  interface Test extends Promise<unknown> {
    expect(statusOrBody: unknown): this;
  }
  export default function request(server: unknown): { get(path: string): Test };
}
`;

/** A TypeScript snippet of a document: a whole file, or a fragment, which the fence names: "```ts fragment". */
export interface Snippet {
  readonly document: string;
  readonly number: number;
  readonly fragment: boolean;
  /** From the comment in the first line of a file, such as "// src/app.module.ts". */
  readonly path: string | undefined;
  /** Without the line that has the path. */
  readonly code: string;
}

/** Pages in docs/ that exist in the site only. */
export const GENERATED_PAGES: readonly string[] = ['**/reference/api', '**/reference/changelog.md'];

export const documents: readonly string[] = [
  'README.md',
  ...['docs', ...readdirSync(`${root}libs`).map((lib) => `libs/${lib}`)].flatMap((folder) =>
    ts.sys
      .readDirectory(root + folder, ['.md'], ['**/node_modules', ...GENERATED_PAGES])
      .map((path) => relative(root, path)),
  ),
]
  // A copy of README.md, which a build of the packages leaves there, and which may be an old one.
  .filter((path) => path !== 'libs/coinflow-auth/README.md');

export const snippets: readonly Snippet[] = documents.flatMap((document) =>
  [...readFileSync(root + document, 'utf8').matchAll(/```ts(| fragment)\n([^]*?)```/g)].map(
    ([, fragment, text = ''], index): Snippet => {
      const [, path, code = text] = /^\/\/ (\S+\.ts)\n\n?([^]*)/.exec(text) ?? [];
      return { document, number: index + 1, fragment: fragment !== '', path, code };
    },
  ),
);

/** Compiles all snippets as files of your application. @returns the errors, with document and line */
export function compileSnippets(): string[] {
  const { config } = ts.readConfigFile(`${root}tsconfig.json`, (path) => ts.sys.readFile(path)) as { config: object };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const files = new Map(snippets.map((snippet) => [virtualPath(snippet), sourceOf(snippet)]));
  files.set(`${YOUR_APP}test-globals.d.ts`, TEST_GLOBALS);
  const host = hostWith(files, options);
  const program = ts.createProgram([...files.keys()], { ...options, noEmit: true }, host);
  // Of the snippets alone: the rest of the program has been checked by tsc.
  return [...files.keys()].flatMap((path) =>
    ts.getPreEmitDiagnostics(program, program.getSourceFile(path)).map(({ file, start, messageText }) => {
      const line = file && start !== undefined ? file.getLineAndCharacterOfPosition(start).line + 1 : 0;
      return `${relative(YOUR_APP, path)}:${line} ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
    }),
  );
}

/** Each document has a folder of its own, so that its files import each other: those that no later one replaces. */
function virtualPath({ document, number, path = 'src/snippet.ts' }: Snippet): string {
  const [last] = snippets.filter((other) => other.document === document && other.path === path).slice(-1);
  const name = number === last?.number ? path : path.replace('.ts', `-${number}.ts`);
  return `${YOUR_APP}${document.replaceAll('/', '-')}/${name}`;
}

function sourceOf({ code, fragment }: Snippet): string {
  if (!fragment) return code;
  const own = namesOf(code);
  const names = namesOf(readFileSync(PRELUDE, 'utf8'), 'exported').filter(
    (name) => !own.includes(name) && new RegExp(`\\b${name}\\b`).test(code),
  );
  return `import { ${names.join(', ')} } from '../../prelude.js'; ${code}\nexport {};\n`;
}

/** The names that a file imports and declares, or the ones that it exports. */
function namesOf(code: string, which: 'all' | 'exported' = 'all'): string[] {
  const source = ts.createSourceFile('snippet.ts', code, ts.ScriptTarget.Latest, true);
  return source.statements.flatMap((statement) => {
    if (which === 'exported' && !/^(?:\/\*\*[^]*?\*\/\s*)?export /.test(statement.getFullText().trim())) return [];
    return namesIn(statement);
  });
}

function namesIn(statement: ts.Statement): string[] {
  if (ts.isImportDeclaration(statement)) {
    const bindings = statement.importClause?.namedBindings;
    return bindings && ts.isNamedImports(bindings) ? bindings.elements.map(({ name }) => name.text) : [];
  }
  if (ts.isVariableStatement(statement)) {
    const found: string[] = [];
    const collect = (name: ts.BindingName): void => {
      if (ts.isIdentifier(name)) found.push(name.text);
      else for (const element of name.elements) if (ts.isBindingElement(element)) collect(element.name);
    };
    for (const { name } of statement.declarationList.declarations) collect(name);
    return found;
  }
  if (ts.isExportDeclaration(statement) && statement.exportClause && ts.isNamedExports(statement.exportClause)) {
    return statement.exportClause.elements.map(({ name }) => name.text);
  }
  const { name } = statement as ts.DeclarationStatement;
  return name && ts.isIdentifier(name) ? [name.text] : [];
}

/** A host with the snippets. A file that a document imports and does not contain is one of your application. */
function hostWith(files: ReadonlyMap<string, string>, options: ts.CompilerOptions): ts.CompilerHost {
  const host = ts.createCompilerHost(options);
  const folders = new Set([...files.keys()].map(dirname));
  const readFile = (path: string): string | undefined => files.get(path) ?? host.readFile(yours(path));
  return {
    ...host,
    readFile,
    fileExists: (path) => files.has(path) || host.fileExists(yours(path)),
    directoryExists: (path) => folders.has(path) || ts.sys.directoryExists(yours(path)),
    getSourceFile(path, language) {
      const code = readFile(path);
      return code === undefined ? undefined : ts.createSourceFile(path, code, language);
    },
  };
}

/** `your-app/docs-guides-testing.md/src/app.module.ts` is `your-app/src/app.module.ts`. */
function yours(path: string): string {
  const [document, ...rest] = path.startsWith(YOUR_APP) ? path.slice(YOUR_APP.length).split('/') : [];
  return document?.endsWith('.md') ? YOUR_APP + rest.join('/') : path;
}
