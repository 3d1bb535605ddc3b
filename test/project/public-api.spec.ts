import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';

const root = new URL('../..', import.meta.url).pathname;
const ENTRIES: [path: string][] = [
  'libs/coinflow-auth/src/index.ts',
  'libs/coinflow-auth/src/config/index.ts',
  'libs/coinflow-auth/src/graphql/index.ts',
  'libs/coinflow-auth/src/health/index.ts',
  'libs/coinflow-auth/src/microservices/index.ts',
  'libs/coinflow-auth/src/redis/index.ts',
  'libs/coinflow-auth/src/testing/index.ts',
  'libs/coinflow-auth/src/websockets/index.ts',
  'libs/coinflow-emulator/src/index.ts',
].map((entry) => [entry]);

const { config } = ts.readConfigFile(`${root}tsconfig.json`, (path) => ts.sys.readFile(path)) as { config: object };
const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);

const program = ts.createProgram(
  ENTRIES.map(([path]) => root + path),
  { ...options, noEmit: true },
);
const checker = program.getTypeChecker();

describe.each(ENTRIES)('the public API of %s', (path) => {
  const module = checker.getSymbolAtLocation(program.getSourceFile(root + path) as ts.Node) as ts.Symbol;
  const names = checker.getExportsOfModule(module).map((name) => {
    return name.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(name) : name;
  });
  const isDocumented = (symbol: ts.Symbol): boolean => symbol.getDocumentationComment(checker).length > 0;

  it('exports the names of the snapshot', () => {
    expect(names.map(({ name }) => name).sort()).toMatchSnapshot();
  });

  it('documents each exported name', () => {
    expect(names.length).toBeGreaterThan(0);
    expect(names.filter((name) => !isDocumented(name)).map(({ name }) => name)).toEqual([]);
  });

  it('documents each option', () => {
    const undocumented = names
      .filter(({ name }) => /Options$/.test(name) && !/Root/.test(name))
      .flatMap((name) => [...(name.members?.values() ?? [])].filter((member) => !isDocumented(member)))
      .map(({ name }) => name);
    expect(undocumented).toEqual([]);
  });

  it('keeps the comments in the .d.ts files', () => {
    expect(options).toMatchObject({ declaration: true, removeComments: false });
  });
});
