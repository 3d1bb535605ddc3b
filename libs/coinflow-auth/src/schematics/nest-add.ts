import { addToApplication } from './application.js';
import { addVariables } from './env-example.js';
import { addPackages, type PackageJson } from './package-json.js';
import { readText, writeText, type Rule, type SchematicContext, type Tree } from './workspace.js';

/** The options that the Nest CLI passes on. */
export interface NestAddOptions {
  readonly sourceRoot?: string;
  readonly skipInstall?: boolean;
  /** Short form of `skipInstall`. */
  readonly s?: boolean;
}

const MANIFEST = '/package.json';
const ENV_EXAMPLE = '/.env.example';

/** What `nest add nestjs-coinflow-auth` runs. It adds what is missing, so a second run changes nothing. */
export function nestAdd(options: NestAddOptions): Rule {
  return (tree, context) => addToProject(tree, context, options, process.cwd());
}

/** @param folder the root of the project, which is `/` in the tree */
export function addToProject(tree: Tree, context: SchematicContext, options: NestAddOptions, folder: string): void {
  const manifest = readText(tree, MANIFEST);
  if (manifest === undefined) throw new Error('There is no package.json here. Run this in the root of the project.');
  const completed = addPackages(manifest, folder);
  writeText(tree, MANIFEST, completed);
  writeText(tree, ENV_EXAMPLE, addVariables(readText(tree, ENV_EXAMPLE)));
  const sourceRoot = `/${options.sourceRoot ?? 'src'}`;
  addToApplication(tree, context.logger, { folder, sourceRoot, manifest: JSON.parse(completed) as PackageJson });
  if (completed !== manifest && !(options.skipInstall ?? options.s)) installPackages(context);
}

/**
 * The task of the devkit that runs the project's package manager, without install scripts. It shows the output when the
 * installation fails. A dry run skips it.
 */
function installPackages(context: SchematicContext): void {
  const options = { command: 'install', quiet: false, hideOutput: true };
  context.addTask({ toConfiguration: () => ({ name: 'node-package', options }) });
}
