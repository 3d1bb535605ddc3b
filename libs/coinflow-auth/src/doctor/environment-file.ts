import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { findPackages } from './packages.js';

/** The variables as `@nestjs/config` reads them: a variable of the process replaces one of the file. */
export interface Environment {
  readonly env: NodeJS.ProcessEnv;
  /** The path of the file; `undefined` if there is none. */
  readonly file: string | undefined;
}

/**
 * @param file the path of the file
 * @default `.env` of the folder, if it exists
 * @returns `undefined` if a file was named and does not exist
 */
export function readEnvironment(cwd: string, own: NodeJS.ProcessEnv, file?: string): Environment | undefined {
  const path = resolve(cwd, file ?? '.env');
  if (!existsSync(path)) return file === undefined ? { env: own, file: undefined } : undefined;
  return { env: { ...parserOf(cwd)(readFileSync(path, 'utf8')), ...own }, file: path };
}

type EnvironmentParser = (text: string) => NodeJS.Dict<string>;

/** The parser of the application's `@nestjs/config`, because parsers differ in quotes and comments. */
function parserOf(cwd: string): EnvironmentParser {
  const [config] = findPackages('@nestjs/config', cwd);
  if (!config) return parseEnv;
  try {
    const dotenv = createRequire(join(config.folder, 'package.json'))('dotenv') as { parse: EnvironmentParser };
    return dotenv.parse;
  } catch {
    return parseEnv;
  }
}
