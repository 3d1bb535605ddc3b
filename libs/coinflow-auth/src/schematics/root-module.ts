import { posix } from 'node:path';
import type ts from 'typescript';
import { importsOf, moduleOf, namesOf, parse, type Compiler } from './compiler.js';
import { readText, type Tree } from './workspace.js';

/** The file and the class of the module that the application starts with. */
export interface RootModule {
  readonly path: string;
  /** Without it, the only module class of the file is meant. */
  readonly className?: string;
}

/** The module in `main.ts`: `NestFactory.create(AppModule)`. Without one, `app.module.ts`. */
export function findRootModule(ts: Compiler, tree: Tree, sourceRoot: string): RootModule | undefined {
  const fromMain = moduleOfMain(ts, tree, sourceRoot);
  if (fromMain) return fromMain;
  const path = `${sourceRoot}/app.module.ts`;
  return tree.exists(path) ? { path } : undefined;
}

function moduleOfMain(ts: Compiler, tree: Tree, sourceRoot: string): RootModule | undefined {
  const file = parse(ts, readText(tree, `${sourceRoot}/main.ts`) ?? '');
  const className = file && moduleOfFactory(ts, file);
  if (!className) return undefined;
  const found = importsOf(ts, file).find((declaration) => namesOf(ts, declaration).includes(className));
  if (!found || !moduleOf(ts, found).startsWith('.')) return undefined;
  const path = `${posix.join(sourceRoot, moduleOf(ts, found)).replace(/\.js$/, '')}.ts`;
  return tree.exists(path) ? { path, className: importedName(ts, found, className) } : undefined;
}

/** The first argument of `NestFactory.create(...)`, if it is a class by its name. */
function moduleOfFactory(ts: Compiler, file: ts.SourceFile): string | undefined {
  let name: string | undefined;
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && /^NestFactory\s*\.\s*create\w*$/.test(node.expression.getText(file))) {
      const [argument] = node.arguments;
      if (argument && ts.isIdentifier(argument)) name ??= argument.text;
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return name;
}

/** The name of a class in its own file: `Shop` in `import { Shop as AppModule }`. */
function importedName(ts: Compiler, { importClause }: ts.ImportDeclaration, local: string): string | undefined {
  const bindings = importClause?.namedBindings;
  if (!bindings || !ts.isNamedImports(bindings)) return undefined;
  const element = bindings.elements.find(({ name }) => name.text === local);
  return (element?.propertyName ?? element?.name)?.text;
}
