import { createSecretKey, type KeyObject } from 'node:crypto';
import { CoinflowMisconfiguredError } from '../errors/coinflow-auth.errors.js';
import type { SessionKeyExtractor } from '../extraction/session-key-extractor.js';
import { SessionKeyExtractors } from '../extraction/session-key-extractors.js';
import { COINFLOW_BASE_URLS, type CoinflowEnv } from './base-url.js';
import { resolveBudgetOptions, type ResolvedBudgetOptions } from './budget-options.js';
import type { CoinflowAuthModuleOptions, CoinflowCacheOptions, CoinflowHttpOptions } from './coinflow-auth-options.js';
import type { CoinflowSharedStore } from './shared-store.js';
import { mergeEnvironment } from './environment.js';
import { problemsOf } from './option-rules.js';
import { resolveWebhookOptions, type ResolvedWebhookOptions } from './webhook-options.js';

const DEFAULTS = { ttlMs: 3_600_000, staleIfErrorMs: 0, maxEntries: 100_000, timeoutMs: 5_000, retries: 2 };
/** Where an API key is worth so little that other secrets may be derived from it. */
const ENVS_WITHOUT_SEAL_KEYS: readonly CoinflowEnv[] = ['sandbox', 'local'];

/** The options as the rest of the code reads them: checked, complete, frozen. */
export interface ResolvedCoinflowAuthOptions {
  readonly env: CoinflowEnv;
  /** A function, so that the key shows in no inspection of the object; what a user's function gives is not checked yet. */
  readonly apiKey: () => string | Promise<string>;
  readonly merchantId: string;
  /** Without a slash at its end. */
  readonly baseUrl: string;
  readonly acceptUnboundKeys: boolean;
  /** Newest first; as key objects, which show in no inspection. Empty: nothing is attested. */
  readonly sealKeys: readonly KeyObject[];
  readonly extractor: SessionKeyExtractor;
  readonly cache: Readonly<Required<CoinflowCacheOptions>>;
  readonly store: CoinflowSharedStore | undefined;
  readonly http: Readonly<{ timeoutMs: number; retries: number; agent: CoinflowHttpOptions['agent'] }>;
  readonly budget: ResolvedBudgetOptions;
  /** `undefined`: webhooks are off. */
  readonly webhook: ResolvedWebhookOptions | undefined;
}

/**
 * Checks the options and fills in the defaults; nothing else in the code does either.
 * @throws {CoinflowMisconfiguredError} that names every mistake: option, rule and environment variable, never a value
 */
export function resolveOptions(given: CoinflowAuthModuleOptions): ResolvedCoinflowAuthOptions {
  const options = mergeEnvironment(given);
  const problems = [...problemsOf(options), ...sealProblemsOf(options)];
  if (problems.length > 0) {
    throw new CoinflowMisconfiguredError(
      `CoinflowAuthModule cannot start with these options:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`,
      { reason: 'invalid-options', action: 'Correct the options that the message names.' },
    );
  }
  const { env, apiKey, merchantId, baseUrl, acceptUnboundKeys, extractor, cache, store, http, budget, webhook } =
    options;
  return Object.freeze({
    env,
    apiKey: typeof apiKey === 'function' ? apiKey : () => apiKey,
    merchantId,
    baseUrl: (baseUrl ?? COINFLOW_BASE_URLS[env]).replace(/\/+$/, ''),
    acceptUnboundKeys: acceptUnboundKeys ?? false,
    sealKeys: Object.freeze(resolveSealKeys(options)),
    extractor: extractor ?? SessionKeyExtractors.fromHeader(),
    cache: Object.freeze({
      ttlMs: cache?.ttlMs ?? DEFAULTS.ttlMs,
      staleIfErrorMs: cache?.staleIfErrorMs ?? DEFAULTS.staleIfErrorMs,
      maxEntries: cache?.maxEntries ?? DEFAULTS.maxEntries,
    }),
    store,
    http: Object.freeze({
      timeoutMs: http?.timeoutMs ?? DEFAULTS.timeoutMs,
      retries: http?.retries ?? DEFAULTS.retries,
      agent: http?.agent,
    }),
    budget: resolveBudgetOptions(budget),
    webhook: webhook && resolveWebhookOptions(webhook),
  });
}

/** A shared store is not trusted: nothing goes there that is not sealed. */
function sealProblemsOf(options: unknown): string[] {
  const { sealKeys, store, env, apiKey } = Object(options) as Partial<CoinflowAuthModuleOptions>;
  if (store === undefined || sealKeys || isSealedByApiKey(env, apiKey)) return [];
  return ['sealKeys must be given where store is (environment variable COINFLOW_SEAL_KEYS)'];
}

function isSealedByApiKey(env: unknown, apiKey: unknown): apiKey is string {
  return typeof apiKey === 'string' && ENVS_WITHOUT_SEAL_KEYS.some((one) => one === env);
}

function resolveSealKeys({ sealKeys, apiKey, env }: CoinflowAuthModuleOptions): KeyObject[] {
  if (sealKeys) return sealKeys.map((sealKey) => createSecretKey(Buffer.from(sealKey, 'base64')));
  return isSealedByApiKey(env, apiKey) ? [createSecretKey(Buffer.from(apiKey))] : [];
}
