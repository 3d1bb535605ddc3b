import type { CoinflowAuthModuleOptions } from './coinflow-auth-options.js';
import { OPTION_GROUPS, isOptionalGroup, optionRows, type OptionGroup } from './option-table.js';

/** Enumerable, so that a spread of the environment's options copies it. The same symbol in every copy of the package. */
const ENVIRONMENT = Symbol.for('nestjs-coinflow-auth:environment');

type Options = Record<string, unknown>;
type Groups = Record<string, Options>;

/**
 * Reads the environment variables of the option table. A missing or invalid value is not an error here: the module reports it.
 * The options remember their groups (`cache`, `budget`, ...), for {@link mergeEnvironment}.
 */
export function optionsFromEnvironment(env: NodeJS.ProcessEnv = process.env): CoinflowAuthModuleOptions {
  const groups: Groups = Object.fromEntries(
    OPTION_GROUPS.filter((group) => !isOptionalGroup(group) || isComplete(env, group)).map((group) => [
      group,
      readRows(env, group),
    ]),
  );
  const options: Partial<Record<keyof CoinflowAuthModuleOptions | typeof ENVIRONMENT, unknown>> = {
    ...readRows(env),
    ...groups,
    [ENVIRONMENT]: groups,
  };
  return options as CoinflowAuthModuleOptions;
}

function readRows(env: NodeJS.ProcessEnv, group?: OptionGroup): Options {
  return Object.fromEntries(
    optionRows(group).flatMap(([name, { variable }]) => {
      if (!variable) return [];
      const text = env[variable.name]?.trim() || undefined;
      return [[name, text === undefined ? undefined : variable.parse(text)]];
    }),
  );
}

/** Whether the required options of a group are set. */
function isComplete(env: NodeJS.ProcessEnv, group: OptionGroup): boolean {
  const options = readRows(env, group);
  return optionRows(group).every(([name, row]) => row.default !== undefined || options[name] !== undefined);
}

/**
 * `{ ...environment, cache: { ttlMs } }` replaces the whole group. This adds the other options of the group from the environment
 * again. A group that is `undefined` stays so: it was switched off.
 */
export function mergeEnvironment<Given>(options: Given): Given {
  const { [ENVIRONMENT]: groups, ...given } = Object(options) as Options & { [ENVIRONMENT]?: Groups };
  if (!groups) return options;
  const merged = Object.entries(groups).flatMap(([name, group]) => {
    const replaced = given[name];
    return isGroup(replaced) ? [[name, { ...group, ...givenIn(replaced) }] as const] : [];
  });
  return { ...given, ...Object.fromEntries(merged) } as Given;
}

function givenIn(group: Options): Options {
  return Object.fromEntries(Object.entries(group).filter(([, value]) => (value ?? undefined) !== undefined));
}

function isGroup(value: unknown): value is Options {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
