import { createSecretKey, type KeyObject } from 'node:crypto';
import { CoinflowMisconfiguredError } from '../errors/coinflow-auth.errors.js';
import { resolveBudgetOptions, type ResolvedBudgetOptions } from './budget-options.js';
import type { CoinflowAuthModuleOptions } from './coinflow-auth-options.js';
import { mergeEnvironment } from './environment.js';
import { isSealedByApiKey } from './option-rules.js';
import {
  OPTION_GROUPS,
  isOptionalGroup,
  optionRows,
  type CompleteOptions,
  type OptionGroup,
  type OptionRow,
} from './option-table.js';
import { optionProblems } from './validate-options.js';
import { resolveWebhookOptions, type ResolvedWebhookOptions } from './webhook-options.js';

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

/**
 * Validates the options and fills in the defaults. No other code does either.
 * @throws {CoinflowMisconfiguredError} that names every mistake: option, rule and environment variable, never a value
 */
export function resolveOptions(given: CoinflowAuthModuleOptions): ResolvedCoinflowAuthOptions {
  const merged = mergeEnvironment(given);
  const problems = optionProblems(merged);
  if (problems.length > 0) {
    throw new CoinflowMisconfiguredError(
      `CoinflowAuthModule cannot start with these options:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`,
      { reason: 'invalid-options', action: 'Correct the options that the message names.' },
    );
  }
  const options = completeOptions(merged);
  const { apiKey, baseUrl, budget, webhook } = options;
  return Object.freeze({
    ...options,
    apiKey: typeof apiKey === 'function' ? apiKey : () => apiKey,
    baseUrl: baseUrl.replace(/\/+$/, ''),
    sealKeys: Object.freeze(resolveSealKeys(options)),
    budget: resolveBudgetOptions(budget),
    webhook: webhook && resolveWebhookOptions(webhook),
  });
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
