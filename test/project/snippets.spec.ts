import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';

const root = new URL('../..', import.meta.url).pathname;
const { config } = ts.readConfigFile(`${root}tsconfig.json`, (path) => ts.sys.readFile(path)) as { config: object };
const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);

const documents = [
  'README.md',
  ...['docs', ...readdirSync(`${root}libs`).map((lib) => `libs/${lib}`)].flatMap((folder) =>
    ts.sys.readDirectory(root + folder, ['.md'], ['node_modules']).map((path) => path.slice(root.length)),
  ),
]
  // A copy of README.md, which a build of the packages leaves there, and which may be an old one.
  .filter((path) => path !== 'libs/coinflow-auth/README.md');

/** Every TypeScript snippet of the documents, as a file in the project. */
const snippets = new Map(
  documents.flatMap((document) =>
    [...readFileSync(root + document, 'utf8').matchAll(/```ts\n([^]*?)```/g)].map(
      ([, code = ''], index): [string, string] => [
        `${root}test/${document.replaceAll('/', '-')}-${index + 1}.ts`,
        code,
      ],
    ),
  ),
);

describe('the snippets of the documents', () => {
  it('compiles every snippet of the documents', () => {
    const host = ts.createCompilerHost(options);
    const { getSourceFile, fileExists, readFile } = host;
    host.fileExists = (path) => snippets.has(path) || fileExists(path);
    host.readFile = (path) => snippets.get(path) ?? readFile(path);
    host.getSourceFile = (path, language, ...rest) => {
      const code = snippets.get(path);
      return code === undefined ? getSourceFile(path, language, ...rest) : ts.createSourceFile(path, code, language);
    };
    const program = ts.createProgram([...snippets.keys()], { ...options, noEmit: true }, host);
    // Of the snippets alone: the rest of the program has been checked by tsc.
    const diagnostics = [...snippets.keys()].flatMap((path) => [
      ...ts.getPreEmitDiagnostics(program, program.getSourceFile(path)),
    ]);
    const problems = diagnostics.map(({ file, start, messageText }) => {
      const line = file && start !== undefined ? file.getLineAndCharacterOfPosition(start).line + 1 : 0;
      return `${file?.fileName.slice(root.length)}:${line} ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
    });
    expect(snippets.size).toBeGreaterThan(5);
    expect(problems).toEqual([]);
  });

  it.each([
    ['the guard of sessions and API keys', 'test/session-or-api-key.guard.ts'],
    ['the ledger in a database', 'apps/sample/src/ledger/ledger.ts'],
  ])('the documents contain %s as it is tested', (_, file) => {
    expect([...snippets.values()]).toContain(readFileSync(root + file, 'utf8'));
  });
});
