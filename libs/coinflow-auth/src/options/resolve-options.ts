import { createSecretKey, type KeyObject } from 'node:crypto';
import {
  IsBoolean,
  IsIn,
  IsInt,
  IsObject,
  IsOptional,
  Max,
  Min,
  ValidateBy,
  ValidateNested,
  validateSync,
  type ValidationArguments,
  type ValidationError,
} from 'class-validator';
import { CoinflowMisconfiguredError } from '../errors/coinflow-auth.errors.js';
import type { SessionKeyExtractor } from '../extraction/session-key-extractor.js';
import { SessionKeyExtractors } from '../extraction/session-key-extractors.js';
import { COINFLOW_BASE_URLS, baseUrlProblem, type CoinflowEnv } from './base-url.js';
import type { CoinflowAuthModuleOptions, CoinflowCacheOptions, CoinflowHttpOptions } from './coinflow-auth-options.js';
import { HEADER_VALUE_RULE, isHeaderValue } from './header-value.js';
import { WebhookShape, resolveWebhookOptions, type ResolvedWebhookOptions } from './webhook-options.js';

const DAY_MS = 86_400_000;
const DEFAULTS = { ttlMs: 3_600_000, staleIfErrorMs: 0, maxEntries: 100_000, timeoutMs: 5_000, retries: 2 };
/** Where an API key is worth so little that other secrets may be derived from it. */
const ENVS_WITHOUT_SEAL_KEYS: readonly CoinflowEnv[] = ['sandbox', 'local'];
const SEAL_KEY_BYTES = 32;

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
  readonly http: Readonly<{ timeoutMs: number; retries: number; agent: CoinflowHttpOptions['agent'] }>;
  /** `undefined`: webhooks are off. */
  readonly webhook: ResolvedWebhookOptions | undefined;
}

/** The environment variable that `coinflowAuthConfig` reads an option from, for error messages. */
export const OPTION_VARIABLES: Readonly<Record<string, string>> = {
  env: 'COINFLOW_ENV',
  apiKey: 'COINFLOW_API_KEY',
  merchantId: 'COINFLOW_MERCHANT_ID',
  baseUrl: 'COINFLOW_BASE_URL',
  sealKeys: 'COINFLOW_SEAL_KEYS',
  'cache.ttlMs': 'COINFLOW_CACHE_TTL_MS',
  'cache.staleIfErrorMs': 'COINFLOW_STALE_IF_ERROR_MS',
  'webhook.keys': 'COINFLOW_WEBHOOK_VALIDATION_KEY',
};

/**
 * Checks the options and fills in the defaults; nothing else in the code does either.
 * @throws {CoinflowMisconfiguredError} that names every mistake: option, rule and environment variable, never a value
 */
export function resolveOptions(options: CoinflowAuthModuleOptions): ResolvedCoinflowAuthOptions {
  const problems = problemsOf(options);
  if (problems.length > 0) {
    throw new CoinflowMisconfiguredError(
      `CoinflowAuthModule cannot start with these options:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`,
      { reason: 'invalid-options', action: 'Correct the options that the message names.' },
    );
  }
  const { env, apiKey, merchantId, baseUrl, acceptUnboundKeys, extractor, cache, http, webhook } = options;
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
    http: Object.freeze({
      timeoutMs: http?.timeoutMs ?? DEFAULTS.timeoutMs,
      retries: http?.retries ?? DEFAULTS.retries,
      agent: http?.agent,
    }),
    webhook: webhook && resolveWebhookOptions(webhook),
  });
}

function resolveSealKeys({ sealKeys, apiKey, env }: CoinflowAuthModuleOptions): KeyObject[] {
  if (sealKeys) return sealKeys.map((sealKey) => createSecretKey(Buffer.from(sealKey, 'base64')));
  if (typeof apiKey !== 'string' || !ENVS_WITHOUT_SEAL_KEYS.includes(env)) return [];
  return [createSecretKey(Buffer.from(apiKey))];
}

const HeaderValue = (): PropertyDecorator =>
  ValidateBy({
    name: 'headerValue',
    validator: { validate: (value) => isHeaderValue(value), defaultMessage: () => HEADER_VALUE_RULE },
  });

const ApiKey = (): PropertyDecorator =>
  ValidateBy({
    name: 'apiKey',
    validator: {
      validate: (value) => typeof value === 'function' || isHeaderValue(value),
      defaultMessage: () => `${HEADER_VALUE_RULE}, or a function that gives such a key`,
    },
  });

const SealKeys = (): PropertyDecorator =>
  ValidateBy({
    name: 'sealKeys',
    validator: {
      validate: (value) => Array.isArray(value) && value.length > 0 && value.every(isSealKey),
      defaultMessage: () =>
        'must be a list of one or more secrets, each 32 random bytes in base64: openssl rand -base64 32',
    },
  });

function isSealKey(value: unknown): boolean {
  if (typeof value !== 'string') return false;
  const bytes = Buffer.from(value, 'base64');
  // Node reads past what is not base64; only the one right way to write the bytes will do.
  return bytes.length === SEAL_KEY_BYTES && bytes.toString('base64') === value;
}

const Extractor = (): PropertyDecorator =>
  ValidateBy({
    name: 'extractor',
    validator: {
      validate: (value) => {
        const { find, schemes } = Object(value) as Partial<SessionKeyExtractor>;
        return typeof find === 'function' && Array.isArray(schemes);
      },
      defaultMessage: () => 'must be one of SessionKeyExtractors, or have its methods',
    },
  });

const BaseUrl = (): PropertyDecorator => {
  const problem = (value: unknown, args?: ValidationArguments): string | undefined =>
    baseUrlProblem(value, (args?.object as OptionsShape).allowPlainHttp === true);
  return ValidateBy({
    name: 'baseUrl',
    validator: {
      validate: (value, args) => problem(value, args) === undefined,
      defaultMessage: (args) => problem(args?.value, args) ?? '',
    },
  });
};

const Agent = (): PropertyDecorator =>
  ValidateBy({
    name: 'agent',
    validator: {
      validate: (value) => typeof (value as { createConnection?: unknown } | null)?.createConnection === 'function',
      defaultMessage: () => 'must be an http.Agent or https.Agent',
    },
  });

const whole = (min: number, max: number) => ({ message: `must be a whole number from ${min} to ${max}` });

class CacheShape {
  @IsOptional()
  @IsInt(whole(1, DAY_MS))
  @Min(1, whole(1, DAY_MS))
  @Max(DAY_MS, whole(1, DAY_MS))
  ttlMs?: number;

  @IsOptional()
  @IsInt(whole(0, DAY_MS))
  @Min(0, whole(0, DAY_MS))
  @Max(DAY_MS, whole(0, DAY_MS))
  staleIfErrorMs?: number;

  @IsOptional()
  @IsInt(whole(1, 10_000_000))
  @Min(1, whole(1, 10_000_000))
  @Max(10_000_000, whole(1, 10_000_000))
  maxEntries?: number;
}

class HttpShape {
  @IsOptional()
  @IsInt(whole(1, 60_000))
  @Min(1, whole(1, 60_000))
  @Max(60_000, whole(1, 60_000))
  timeoutMs?: number;

  @IsOptional()
  @IsInt(whole(0, 5))
  @Min(0, whole(0, 5))
  @Max(5, whole(0, 5))
  retries?: number;

  @IsOptional()
  @Agent()
  agent?: unknown;
}

class OptionsShape {
  @IsIn(Object.keys(COINFLOW_BASE_URLS), { message: `must be one of ${Object.keys(COINFLOW_BASE_URLS).join(', ')}` })
  env?: unknown;

  @ApiKey()
  apiKey?: unknown;

  @HeaderValue()
  merchantId?: unknown;

  @IsOptional()
  @BaseUrl()
  baseUrl?: unknown;

  @IsOptional()
  @IsBoolean({ message: 'must be true or false' })
  allowPlainHttp?: unknown;

  @IsOptional()
  @IsBoolean({ message: 'must be true or false' })
  acceptUnboundKeys?: unknown;

  @IsOptional()
  @SealKeys()
  sealKeys?: unknown;

  @IsOptional()
  @Extractor()
  extractor?: unknown;

  @IsOptional()
  @IsObject({ message: 'must be an object' })
  @ValidateNested()
  cache?: unknown;

  @IsOptional()
  @IsObject({ message: 'must be an object' })
  @ValidateNested()
  http?: unknown;

  @IsOptional()
  @IsObject({ message: 'must be an object' })
  @ValidateNested()
  webhook?: unknown;
}

function problemsOf(options: unknown): string[] {
  if (!isObject(options)) return ['the options must be an object: did useFactory return one?'];
  // By hand and one level deep: a copy of the caller's HTTP agent would not be the caller's HTTP agent.
  const shape = Object.assign(new OptionsShape(), options);
  if (isObject(shape.cache)) shape.cache = Object.assign(new CacheShape(), shape.cache);
  if (isObject(shape.http)) shape.http = Object.assign(new HttpShape(), shape.http);
  if (isObject(shape.webhook)) shape.webhook = Object.assign(new WebhookShape(), shape.webhook);
  const errors = validateSync(shape, {
    whitelist: true,
    forbidNonWhitelisted: true,
    validationError: { target: false, value: false },
  });
  return errors.flatMap((error) => describe(error, ''));
}

function describe({ property, constraints = {}, children = [] }: ValidationError, path: string): string[] {
  const option = path + property;
  const variable = OPTION_VARIABLES[option];
  const rules = new Set(
    Object.entries(constraints).map(([rule, message]) =>
      rule === 'whitelistValidation' ? 'is not an option of this version' : message,
    ),
  );
  return [
    ...Array.from(rules, (rule) => `${option} ${rule}${variable ? ` (environment variable ${variable})` : ''}`),
    ...children.flatMap((child) => describe(child, `${option}.`)),
  ];
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
