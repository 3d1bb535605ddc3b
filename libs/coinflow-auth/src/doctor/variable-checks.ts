import { isCoinflowAuthError } from '../errors/coinflow-auth.errors.js';
import { optionsFromEnvironment } from '../options/environment-variables.js';
import { isSealedByApiKey } from '../options/option-rules.js';
import { OPTION_TABLE, type OptionRow } from '../options/option-table.js';
import { resolveOptions, type ResolvedCoinflowAuthOptions } from '../options/resolve-options.js';
import { failed, ok, result, type CheckResult, type DoctorInput } from './check-result.js';

/** Variables of other programs of this project. */
const OTHER_VARIABLES = ['COINFLOW_EMULATOR_PORT'];

const rows: readonly OptionRow[] = Object.values(OPTION_TABLE);
const KNOWN_VARIABLES = [...rows.flatMap(({ variable }) => (variable ? [variable.name] : [])), ...OTHER_VARIABLES];

/** The result of the check, and the options that the module would start with. */
export interface CheckedVariables {
  readonly results: readonly CheckResult[];
  /** `undefined` if the module would not start. */
  readonly options: ResolvedCoinflowAuthOptions | undefined;
}

/** Reads the variables as `coinflowAuthConfig` does, and reports what the module would report at startup. */
export function checkVariables(input: DoctorInput, file: string | undefined): CheckedVariables {
  const unknown = checkUnknownVariables(input.env);
  try {
    const options = resolveOptions(optionsFromEnvironment(input.env));
    return { results: [valid(options, input, file), unknown], options };
  } catch (error) {
    if (!isCoinflowAuthError(error)) throw error;
    const problems = error.message.split('\n').slice(1);
    return { results: [invalid(problems, file), unknown], options: undefined };
  }
}

function valid(options: ResolvedCoinflowAuthOptions, { redisUrl }: DoctorInput, file: string | undefined): CheckResult {
  const { env, merchantId, webhook, sealKeys } = options;
  const found = `env ${env}, merchant ${merchantId}, webhooks ${webhook ? 'on' : 'off'}, ${sourceOf(file)}`;
  if (redisUrl === undefined || sealKeys.length > 0 || isSealedByApiKey(env, '')) return ok('variables', found);
  return result(
    'variables',
    'warning',
    `${found}; COINFLOW_SEAL_KEYS is not set`,
    `With the option store, the module does not start without it in env "${env}": openssl rand -base64 32`,
  );
}

function invalid(problems: readonly string[], file: string | undefined): CheckResult {
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  return failed(
    'variables',
    `${count}: the module would not start with them, ${sourceOf(file)}`,
    ...problems.map((problem) => problem.replace(/^\s*- /, '')),
    'Options that the application passes in code are not known here.',
  );
}

function sourceOf(file: string | undefined): string {
  return file === undefined ? 'without a .env file' : `with ${file}`;
}

function checkUnknownVariables(env: NodeJS.ProcessEnv): CheckResult {
  const unknown = Object.keys(env).filter((name) => /^coinflow_/i.test(name) && !KNOWN_VARIABLES.includes(name));
  if (unknown.length === 0) return ok('unknown-variables', 'none');
  return result(
    'unknown-variables',
    'warning',
    `the package does not read ${unknown.join(', ')}`,
    ...unknown.flatMap((name) => {
      const nearest = nearestTo(name);
      return nearest === undefined ? [] : [`${name}: did you mean ${nearest}?`];
    }),
  );
}

/** @returns the most similar known variable: one with all its words, or one that differs by a typing error only */
function nearestTo(name: string): string | undefined {
  const words = name.toUpperCase().split('_');
  const maxDistance = (name.length - 'COINFLOW_'.length) / 2;
  const similar = KNOWN_VARIABLES.map((known) => ({ known, differences: distance(words.join('_'), known) })).filter(
    ({ known, differences }) => differences <= maxDistance || words.every((word) => known.split('_').includes(word)),
  );
  return similar.sort((a, b) => a.differences - b.differences)[0]?.known;
}

/** How many characters must be added, removed or replaced. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 0; i < a.length; i += 1) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j += 1) {
      const replaced = (row[j] ?? 0) + (a[i] === b[j] ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
