// From the options that the application passes to those that the rest of the code reads. In this order:
// 1. `environment.ts` adds the options of a group that come from the environment.
// 2. Every option is checked with its rule in the option table. All problems are reported in one error.
// 3. The defaults of the option table are filled in.
// 4. Values that follow from the options are computed: key objects, the shares of the budget, the age limits of signatures.

import { createSecretKey, type KeyObject } from 'node:crypto';
import { CoinflowMisconfiguredError } from '../errors/coinflow-auth.errors.js';
import {
  DELIVERY_RETENTION_MS,
  SHORT_TOLERANCE_MS,
  type CoinflowAuthModuleOptions,
  type CoinflowWebhookKeys,
} from './coinflow-auth-options.js';
import { mergeEnvironment } from './environment-variables.js';
import { half, isGiven, isSealedByApiKey, newKeysShare, type GivenOptions } from './option-rules.js';
import {
  OPTION_GROUPS,
  isOptionalGroup,
  optionRows,
  type CompleteOptions,
  type OptionGroup,
  type OptionRow,
} from './option-table.js';

/** How many calls the known keys of one user can cause in a minute, whatever the options are. */
const CALLS_PER_SUBJECT = 10;

/** The options as the rest of the code reads them: validated, complete, frozen. */
export interface ResolvedCoinflowAuthOptions extends Omit<
  CompleteOptions,
  'apiKey' | 'sealKeys' | 'budget' | 'webhook'
> {
  /** A function, so that no inspection of the object shows the key. The result of a user's function is not validated yet. */
  readonly apiKey: () => string | Promise<string>;
  /** Without a slash at its end. */
  readonly baseUrl: string;
  /** Newest first, as key objects, which no inspection shows. Empty: session keys are not attested. */
  readonly sealKeys: readonly KeyObject[];
  readonly budget: ResolvedBudgetOptions;
  /** `undefined`: webhooks are off. */
  readonly webhook: ResolvedWebhookOptions | undefined;
}

/** The option `budget`. A limit per client of 0 means no limit. */
export interface ResolvedBudgetOptions extends CompleteBudgetOptions {
  readonly reservedForKnownKeys: number;
  /** The calls that are reserved neither for known keys nor for revalidations. */
  readonly newKeys: number;
  readonly callsPerSubject: number;
  readonly revalidationsPerClient: number;
  readonly knownKeysPerClient: number;
  /** The calls of `CoinflowApi` without the API key. */
  readonly apiCalls: number;
  readonly apiCallsPerUser: number;
}

/** The option `webhook`. */
export interface ResolvedWebhookOptions extends Omit<CompleteWebhookOptions, 'keys' | 'toleranceMs'> {
  /** A function, so that no inspection of the object shows the keys. */
  readonly keys: () => CoinflowWebhookKeys | Promise<CoinflowWebhookKeys>;
  /** For routes whose deliveries are recorded. */
  readonly toleranceMs: number;
  /** For routes whose deliveries are not recorded. */
  readonly unrecordedToleranceMs: number;
}

type CompleteBudgetOptions = CompleteOptions['budget'];
type CompleteWebhookOptions = NonNullable<CompleteOptions['webhook']>;

/**
 * Checks the options and fills in the defaults. No other code does either.
 * @throws {@link CoinflowMisconfiguredError} that names every mistake: option, rule and environment variable, never a value
 */
export function resolveOptions(given: CoinflowAuthModuleOptions): ResolvedCoinflowAuthOptions {
  const merged = mergeEnvironment(given);
  assertValid(merged);
  const options = completeOptions(merged);
  const { apiKey, baseUrl, webhook } = options;
  return Object.freeze({
    ...options,
    apiKey: typeof apiKey === 'function' ? apiKey : () => apiKey,
    baseUrl: baseUrl.replace(/\/+$/, ''),
    sealKeys: Object.freeze(resolveSealKeys(options)),
    budget: resolveBudget(options),
    webhook: webhook && resolveWebhook(webhook),
  });
}

function assertValid(options: unknown): void {
  const problems = optionProblems(options);
  if (problems.length === 0) return;
  throw new CoinflowMisconfiguredError(
    `CoinflowAuthModule cannot start with these options:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`,
    { reason: 'invalid-options', action: 'Correct the options that the message names.' },
  );
}

/** @returns every mistake in the options: the option, its rule and its environment variable, never a value */
function optionProblems(options: unknown): string[] {
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

/** Fills in the defaults of the option table. */
function completeOptions(given: CoinflowAuthModuleOptions): CompleteOptions {
  const complete: Partial<Record<keyof CompleteOptions, unknown>> = {};
  const fillIn = (target: Record<string, unknown>, options: object, group?: OptionGroup): void => {
    for (const [name, row] of optionRows(group)) {
      target[name] = (options as Record<string, unknown>)[name] ?? defaultOf(row, complete);
    }
  };
  fillIn(complete, given);
  for (const group of OPTION_GROUPS) {
    if (!given[group] && isOptionalGroup(group)) continue;
    const options = {};
    complete[group] = options;
    fillIn(options, given[group] ?? {}, group);
    Object.freeze(options);
  }
  return complete as CompleteOptions;
}

/** @param complete the options above this one in the table */
function defaultOf({ default: value }: OptionRow, complete: object): unknown {
  return typeof value === 'object' ? value.compute?.(complete as CompleteOptions) : value;
}

function resolveSealKeys({ sealKeys, apiKey, env }: CompleteOptions): KeyObject[] {
  if (sealKeys) return sealKeys.map((sealKey) => createSecretKey(Buffer.from(sealKey, 'base64')));
  return isSealedByApiKey(env, apiKey) ? [createSecretKey(Buffer.from(apiKey))] : [];
}

function resolveBudget({ budget, api }: CompleteOptions): ResolvedBudgetOptions {
  const { verificationsPerMinute, revalidations } = budget;
  return Object.freeze({
    ...budget,
    reservedForKnownKeys: half(verificationsPerMinute),
    newKeys: newKeysShare(budget),
    callsPerSubject: CALLS_PER_SUBJECT,
    revalidationsPerClient: Math.max(CALLS_PER_SUBJECT, half(revalidations)),
    knownKeysPerClient: half(verificationsPerMinute),
    apiCalls: api.callsPerMinute,
    apiCallsPerUser: Math.max(1, half(api.callsPerMinute)),
  });
}

function resolveWebhook(options: CompleteWebhookOptions): ResolvedWebhookOptions {
  const { keys, toleranceMs, deliveries } = options;
  const list = typeof keys === 'function' ? [] : Object.freeze(typeof keys === 'string' ? [keys] : [...keys]);
  return Object.freeze({
    ...options,
    keys: typeof keys === 'function' ? keys : () => list,
    toleranceMs: toleranceMs ?? (deliveries === false ? SHORT_TOLERANCE_MS : DELIVERY_RETENTION_MS),
    unrecordedToleranceMs: toleranceMs ?? SHORT_TOLERANCE_MS,
  });
}
