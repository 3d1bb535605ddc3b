import { isGiven, type GivenOptions } from './option-rules.js';
import { OPTION_GROUPS, optionRows, type OptionGroup, type OptionRow } from './option-table.js';

/** @returns every mistake in the options: the option, its rule and its environment variable, never a value */
export function optionProblems(options: unknown): string[] {
  if (!isObject(options)) return ['the options must be an object: did useFactory return one?'];
  return [...problemsIn(options, options), ...OPTION_GROUPS.flatMap((group) => groupProblems(group, options))];
}

function groupProblems(group: OptionGroup, options: GivenOptions): string[] {
  const given = options[group];
  if (!isGiven(given)) return [];
  return isObject(given) ? problemsIn(given, options, group) : [`${group} must be an object`];
}

function problemsIn(given: GivenOptions, options: GivenOptions, group?: OptionGroup): string[] {
  const rows = optionRows(group);
  const known = new Set<string>([...rows.map(([name]) => name), ...(group === undefined ? OPTION_GROUPS : [])]);
  const pathOf = (name: string): string => (group === undefined ? name : `${group}.${name}`);
  const unknown = Object.keys(given).filter((name) => !known.has(name));
  return [
    ...unknown.map((name) => `${pathOf(name)} is not an option of this version`),
    ...rows.flatMap(([name, row]) => {
      const problem = problemOf(row, given[name], options);
      const variable = row.variable ? ` (environment variable ${row.variable.name})` : '';
      return problem === undefined ? [] : [`${pathOf(name)} ${problem}${variable}`];
    }),
  ];
}

function problemOf({ rule, required, ...row }: OptionRow, value: unknown, options: GivenOptions): string | undefined {
  if (isGiven(value) || row.default === undefined) return rule.problem(value, options);
  return required?.isRequired(options) ? `is required ${required.when}` : undefined;
}

function isObject(value: unknown): value is GivenOptions {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
