import type { CoinflowAuthModuleOptions } from './coinflow-auth-options.js';

/** Enumerable, so that a spread of the environment's options takes it along. The same in every copy of the package. */
const ENVIRONMENT = Symbol.for('nestjs-coinflow-auth:environment');

type Groups = Record<string, object>;

/** Lets the options remember their groups (`cache`, `budget`, ...), for {@link mergeEnvironment}. */
export function rememberEnvironment(options: CoinflowAuthModuleOptions): CoinflowAuthModuleOptions {
  const groups: Groups = Object.fromEntries(Object.entries(options).filter(([, value]) => isGroup(value)));
  return Object.assign(options, { [ENVIRONMENT]: groups });
}

/**
 * `{ ...environment, cache: { ttlMs } }` replaces the whole group. This puts back what the environment says about its other
 * options. A group that is `undefined` stays so: it was switched off.
 */
export function mergeEnvironment<Options>(options: Options): Options {
  const { [ENVIRONMENT]: groups, ...given } = Object(options) as Record<string, unknown> & { [ENVIRONMENT]?: Groups };
  if (!groups) return options;
  const merged = Object.entries(groups)
    .filter(([name]) => isGroup(given[name]))
    .map(([name, group]) => [name, { ...group, ...definedIn(given[name] as object) }] as const);
  return { ...given, ...Object.fromEntries(merged) } as Options;
}

function definedIn(group: object): object {
  return Object.fromEntries(Object.entries(group).filter(([, value]) => (value ?? undefined) !== undefined));
}

function isGroup(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
