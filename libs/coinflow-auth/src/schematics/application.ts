import { posix } from 'node:path';
import { loadCompiler, type Compiler } from './compiler.js';
import { editModule, type ModuleAdditions } from './edit-module.js';
import { CONTROLLER, controllerSpec } from './example-route.js';
import { rangeOf, testRunnerOf, type PackageJson } from './package-json.js';
import { findRootModule, type RootModule } from './root-module.js';
import { readText, sourceFiles, writeText, type Logger, type Tree } from './workspace.js';

const REGISTRATION = 'CoinflowAuthModule.forRootAsync(coinflowAuthConfig.asProvider())';
const NEXT_STEPS = [
  'Next: copy .env.example to .env, run "npx coinflow-emulator" beside your application, and request GET /me.',
  'Your own login decides which user a session key is for: see docs/guides/session-keys.md of nestjs-coinflow-auth.',
].join('\n');

export interface Application {
  /** The root of the project on the disk. */
  readonly folder: string;
  /** In the tree. */
  readonly sourceRoot: string;
  readonly manifest: PackageJson;
}

/** Registers the module and adds one protected route with its test, unless the application registers the module already. */
export function addToApplication(tree: Tree, logger: Logger, application: Application): void {
  const uses = patternFinder(tree, application.sourceRoot);
  if (uses(/\bCoinflowAuthModule\s*\.\s*forRoot/)) {
    logger.info('The application registers CoinflowAuthModule already. Its code stays as it is.');
    return;
  }
  const compiler = loadCompiler(application.folder);
  const root = compiler && findRootModule(compiler, tree, application.sourceRoot);
  const hasRoute = uses(/@(?:Controller|Get)\(\s*['"`]\/?me['"`]|\bclass\s+MeController\b/);
  const suffix = root && suffixIn(readText(tree, root.path) ?? '', application.manifest);
  const example = root && !hasRoute ? `./me.controller${suffix}` : undefined;
  const additions = additionsWith(example, !uses(/\bConfigModule\s*\.\s*forRoot/));

  if (!register(tree, compiler, root, additions)) logger.warn(byHand(root, additions));
  if (hasRoute) logger.info('The application has a route "me" already, so no example was added.');
  if (root && example) addExample(tree, logger, application, { path: root.path, suffix: suffix ?? '' });
  logger.info(NEXT_STEPS);
}

/** Whether a source file matches a pattern, outside of comments. The example of an earlier run does not count. */
function patternFinder(tree: Tree, sourceRoot: string): (pattern: RegExp) => boolean {
  const texts = [...sourceFiles(tree, sourceRoot)]
    .map((path) => readText(tree, path) ?? '')
    .filter((text) => text !== CONTROLLER)
    .map((text) => text.replace(/\/\*[^]*?\*\/|\/\/.*/g, ''));
  return (pattern) => texts.some((text) => pattern.test(text));
}

function additionsWith(example: string | undefined, configModule: boolean): ModuleAdditions {
  return {
    imports: [...(configModule ? ['ConfigModule.forRoot()'] : []), REGISTRATION],
    controllers: example ? ['MeController'] : [],
    from: {
      ...(configModule ? { ConfigModule: '@nestjs/config' } : {}),
      CoinflowAuthModule: 'nestjs-coinflow-auth',
      coinflowAuthConfig: 'nestjs-coinflow-auth/config',
      ...(example ? { MeController: example } : {}),
    },
  };
}

/** @returns false if the root module was not found or cannot be edited safely */
function register(
  tree: Tree,
  compiler: Compiler | undefined,
  root: RootModule | undefined,
  additions: ModuleAdditions,
): boolean {
  const edited = compiler && root && editModule(compiler, readText(tree, root.path) ?? '', root.className, additions);
  if (!root || edited === undefined) return false;
  writeText(tree, root.path, edited);
  return true;
}

function byHand(root: RootModule | undefined, { imports, controllers }: ModuleAdditions): string {
  const where = root
    ? `${root.path.slice(1)} has no list of imports that can be edited safely`
    : 'The root module was not found';
  const routes = controllers.length > 0 ? `, and ${controllers.join(', ')} to its controllers` : '';
  return `${where}. Add ${imports.join(', ')} to the imports of your root module${routes}.`;
}

/** `.js` if the relative imports of a file end with it. A file without any has it in an ESM project. */
function suffixIn(text: string, manifest: PackageJson): string {
  const relative = [...text.matchAll(/\bfrom\s*['"]\.{1,2}\/([^'"]*)['"]/g)].map(([, path = '']) => path);
  const hasSuffix = relative.length > 0 ? relative.some((path) => path.endsWith('.js')) : manifest.type === 'module';
  return hasSuffix ? '.js' : '';
}

/** Writes the controller and its test beside the root module. */
function addExample(
  tree: Tree,
  logger: Logger,
  { manifest }: Application,
  root: { path: string; suffix: string },
): void {
  const path = `${posix.dirname(root.path)}/me.controller`;
  const runner = testRunnerOf(manifest);
  createIfMissing(tree, `${path}.ts`, CONTROLLER);
  if (!runner) {
    logger.info('The project has neither Jest nor Vitest, so no test was added.');
    return;
  }
  const has = (name: string): boolean => rangeOf(manifest, name) !== undefined;
  const jestImport = has('@jest/globals') && !has('@types/jest') ? '@jest/globals' : undefined;
  const testImport = runner === 'vitest' ? 'vitest' : jestImport;
  const fastify = has('@nestjs/platform-fastify') && !has('@nestjs/platform-express');
  createIfMissing(tree, `${path}.spec.ts`, controllerSpec({ testImport, suffix: root.suffix, fastify }));
}

function createIfMissing(tree: Tree, path: string, text: string): void {
  if (!tree.exists(path)) tree.create(path, text);
}
